import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { environmentWith } from './config.ts';
import { applyMigrations } from './migrations.ts';
import { connectionUrl } from './throwaway-control-plane.ts';
import { throwawayPostgres } from './throwaway-postgres.ts';

const root = join(import.meta.dirname, '../../..');

it('applies each migration once, and Prisma finds nothing left to do', async () => {
  const postgres = await throwawayPostgres();
  const target = await postgres.createDatabase();
  const both = await Promise.all([applyMigrations(target), applyMigrations(target)]);
  expect(both.map((names) => names.length > 0).sort()).toEqual([false, true]);
  const status = await promisify(execFile)(join(root, 'node_modules/.bin/prisma'), ['migrate', 'status'], {
    cwd: root,
    env: environmentWith({ DATABASE_URL: connectionUrl(target) }),
  });
  expect(status.stdout).toContain('Database schema is up to date');
  await postgres.stop();
});

it('leaves nothing of a migration that fails', async () => {
  const postgres = await throwawayPostgres();
  const target = await postgres.createDatabase();
  const client = await postgres.client(target);
  await client.query('CREATE TABLE accounts ()');
  await expect(applyMigrations(target)).rejects.toThrow(/accounts/);
  const { rows } = await client.query("SELECT 1 FROM pg_type WHERE typname = 'environment_kind'");
  expect(rows).toEqual([]);
  await postgres.stop();
});
