import { resolve } from 'node:path';
import { defineConfig } from 'prisma/config';

// Prisma's native engine is downloaded from a CDN that may be out of reach; tools/prisma-schema-engine.mjs
// speaks the same protocol over Prisma's own WebAssembly build of that engine.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= resolve(import.meta.dirname, 'tools/prisma-schema-engine.mjs');

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://unused.invalid/holdfast' },
});
