// Proves on a throwaway Postgres that prisma/migrations lead to prisma/schema.prisma: by Prisma's own diff, and name
// by name against a database made from the schema alone (the diff is blind to some kinds of object).
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectionUrl, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { runToEnd } from './child-process.ts';
import { differencesOf, NAMES } from './schema-names.ts';

const root = resolve(import.meta.dirname, '..');
const SCHEMA = 'prisma/schema.prisma';
const prisma = join(root, 'node_modules', '.bin', 'prisma');

/** What a migration adds on purpose because a Prisma schema cannot say it. */
const ONLY_IN_MIGRATIONS = [
  'column _prisma_migrations.applied_steps_count integer not null default 0',
  'column _prisma_migrations.checksum character varying(64) not null',
  'column _prisma_migrations.finished_at timestamp with time zone',
  'column _prisma_migrations.id character varying(36) not null',
  'column _prisma_migrations.logs text',
  'column _prisma_migrations.migration_name character varying(255) not null',
  'column _prisma_migrations.rolled_back_at timestamp with time zone',
  'column _prisma_migrations.started_at timestamp with time zone not null default now()',
  'constraint _prisma_migrations _prisma_migrations_pkey PRIMARY KEY (id)',
  'function refuse_change()',
  'function tell_operation()',
  "index leases_one_exclusive ON leases USING btree (resource) WHERE (mode = 'exclusive'::lease_mode)",
  'table _prisma_migrations',
  'trigger audit_entries audit_entries_frozen',
  'trigger operations operations_told',
  'unlogged rate_hits',
];

type Place = ThrowawayPostgres['target'];

/** Runs Prisma's CLI against a database; answers its output, throws with it when the exit code is not 0. */
async function prismaOn(place: Place, args: string[]): Promise<string> {
  const env = { ...process.env, DATABASE_URL: connectionUrl(place), CHECKPOINT_DISABLE: '1' };
  const result = await runToEnd(prisma, args, { timeoutSeconds: 60, env });
  if (result.code !== 0) throw new Error(`prisma ${args.join(' ')} ended with ${result.code}\n${result.output}`);
  return result.output;
}

/** The SQL that makes an empty database out of the schema alone. */
async function modelSql(place: Place): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-schema-'));
  const file = join(directory, 'schema.sql');
  try {
    await prismaOn(place, ['migrate', 'diff', '--from-empty', '--to-schema', SCHEMA, '--script', '-o', file]);
    return await readFile(file, 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const postgres = await throwawayPostgres();
try {
  const names = async (place: Place, prepare = '') => {
    const client = await postgres.client(place);
    await client.query(prepare);
    const { rows } = await client.query<{ name: string }>(NAMES);
    return rows.map((row) => row.name);
  };
  const migrated = await postgres.createDatabase();
  await prismaOn(migrated, ['migrate', 'deploy']);
  await prismaOn(migrated, ['migrate', 'diff', '--from-config-datasource', '--to-schema', SCHEMA, '--exit-code']);

  const modelled = await postgres.createDatabase();
  const expected = [...(await names(modelled, await modelSql(modelled))), ...ONLY_IN_MIGRATIONS];
  const differences = differencesOf(expected, await names(migrated));
  console.log(differences.length === 0 ? 'migrations and schema agree' : differences.join('\n'));
  process.exitCode = differences.length === 0 ? 0 : 1;
} finally {
  await postgres.stop();
}
