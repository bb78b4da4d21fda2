# One-shot: `prisma migrate deploy`. Build from the repository's root: docker build -f docker/migrate.Dockerfile .
FROM node:24.21.0-bookworm-slim
WORKDIR /app
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
COPY prisma.config.ts ./
COPY tools/prisma-schema-engine.mjs tools/
COPY prisma/schema.prisma prisma/
COPY prisma/migrations prisma/migrations
COPY docker/migrate.sh docker/
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp holdfast
ENV HOME=/tmp CHECKPOINT_DISABLE=1
USER 10001
CMD ["sh", "docker/migrate.sh"]
