# The worker. Build from the repository's root: docker build -f docker/worker.Dockerfile .
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
# Manifests first, so that a change of sources does not install everything again.
COPY package.json package-lock.json ./
COPY libs/api-client/package.json libs/api-client/
COPY libs/contracts/package.json libs/contracts/
COPY libs/crypto/package.json libs/crypto/
COPY libs/engine/package.json libs/engine/
COPY libs/testing/package.json libs/testing/
COPY prisma/package.json prisma/
COPY temporal/package.json temporal/
COPY tools/package.json tools/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npx nx run worker:build && npm prune --omit=dev --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
# Clients dump, servers carry trial restores: one of each major version that can be backed up.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
  && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
  && sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
  && apt-get install -y --no-install-recommends \
    postgresql-15 postgresql-16 postgresql-17 postgresql-18 \
    postgresql-client-15 postgresql-client-16 postgresql-client-17 postgresql-client-18 \
  && rm -rf /var/lib/apt/lists/*
# chunks are large and short-lived: glibc gives them back instead of keeping them for each thread
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# Volumes mounted here for the first time take over this owner.
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp holdfast \
  && install -d -o 10001 -m 0700 /var/lib/holdfast /var/lib/holdfast/repositories /var/lib/holdfast/scratch
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/apps/worker dist/apps/worker
USER 10001
EXPOSE 3001
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3001/health').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
# a heap that may not become large is collected earlier: without these a worker comes to keep 300 MB more
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=768", "--expose-gc", "dist/apps/worker/main.js"]
