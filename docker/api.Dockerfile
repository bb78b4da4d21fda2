# The API, which serves the console. Build from the repository's root: docker build -f docker/api.Dockerfile .
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
RUN npx nx run-many -t build -p api,admin && npm prune --omit=dev --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp holdfast
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/apps/api dist/apps/api
COPY --from=build /app/dist/apps/admin dist/apps/admin
USER 10001
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/api/health/ready').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/api/main.js"]
