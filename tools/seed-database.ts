import { OperationError } from '@holdfast/contracts';
import pg from 'pg';
import {
  backupRows,
  dice,
  environmentRow,
  instantsOf,
  repositoryRow,
  SEED_HOST,
  SEED_PREFIX,
  type Row,
} from './seed-rows.ts';

/** Rows of one INSERT. */
const BATCH = 500;
/** The same numbers at every run, so that two measurements are of the same rows. */
const SEED = 20_261_124;

export interface SeedCounts {
  environments: number;
  backups: number;
  operations: number;
}

/** How many environments there are that were not made here, and that were. */
export async function environmentsIn(client: pg.Client): Promise<{ others: number; seeded: number }> {
  const { rows } = await client.query<{ others: number; seeded: number }>(
    `SELECT count(*) FILTER (WHERE NOT (${SEEDED}))::int AS others, count(*) FILTER (WHERE ${SEEDED})::int AS seeded
     FROM environments e`,
  );
  return rows[0] ?? { others: 0, seeded: 0 };
}

const SEEDED = `e.name LIKE '${SEED_PREFIX}%' AND e.host = '${SEED_HOST}'`;

/** Throws `resource.in_use` where rows would mix with others without anybody having said so. */
export async function refuseMixing(client: pg.Client, yes: boolean): Promise<void> {
  const { others, seeded } = await environmentsIn(client);
  if (seeded > 0) {
    throw new OperationError('resource.in_use', `${seeded} seeded environments are there already`, {
      hint: 'Remove them first with --remove.',
    });
  }
  if (others === 0 || yes) return;
  throw new OperationError('resource.in_use', `This installation has ${others} environments of its own`, {
    hint: 'Lists and figures would show both until --remove. Choose another installation, or say --yes.',
  });
}

/** Collects rows of a table and writes them, some hundred at a time. */
class Batches {
  private readonly client: pg.Client;
  private readonly waiting = new Map<string, Row[]>();

  constructor(client: pg.Client) {
    this.client = client;
  }

  async add(table: string, ...rows: Row[]): Promise<void> {
    const waiting = this.waiting.get(table) ?? [];
    this.waiting.set(table, waiting);
    waiting.push(...rows);
    // Rows of other tables point to environments and repositories, which are given first.
    if (waiting.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    await this.client.query('BEGIN');
    // The API reads every operation that it hears of: these have ended long ago.
    await this.client.query('ALTER TABLE operations DISABLE TRIGGER operations_told');
    for (const [table, rows] of this.waiting) {
      const [first] = rows;
      if (!first) continue;
      const columns = Object.keys(first).map(pg.escapeIdentifier).join(', ');
      await this.client.query(
        `INSERT INTO ${pg.escapeIdentifier(table)} (${columns})
         SELECT ${columns} FROM jsonb_populate_recordset(NULL::${pg.escapeIdentifier(table)}, $1::jsonb)`,
        [JSON.stringify(rows.splice(0))],
      );
    }
    await this.client.query('ALTER TABLE operations ENABLE TRIGGER operations_told');
    await this.client.query('COMMIT');
  }
}

/** Fills the catalog with backups of environments that do not exist; `backups` counts those that failed, too. */
export async function seed(
  client: pg.Client,
  { backups, environments }: { backups: number; environments: number },
  now = Date.now(),
): Promise<SeedCounts> {
  const roll = dice(SEED);
  const batches = new Batches(client);
  const repositories = ['main', 'offsite'].map((name) => repositoryRow(name, now, roll));
  await batches.add('repositories', ...repositories);
  const made: SeedCounts = { environments, backups: 0, operations: 0 };
  const all = Array.from({ length: environments }, (_, number) => environmentRow(number, now, roll));
  await batches.add('environments', ...all.map(({ row }) => row));
  await batches.flush();
  for (const [number, environment] of all.entries()) {
    // The rest of an uneven division goes to the first.
    const count = Math.floor(backups / environments) + (number < backups % environments ? 1 : 0);
    const repositoryId = repositories[number % 4 === 3 ? 1 : 0]?.id ?? '';
    for (const [index, at] of instantsOf(count, now, roll).entries()) {
      const { backup, operations } = backupRows(environment, { at, repositoryId, first: index === 0, now }, roll);
      await batches.add('operations', ...operations);
      if (backup) await batches.add('backups', backup);
      made.backups += backup ? 1 : 0;
      made.operations += operations.length;
    }
  }
  await batches.flush();
  await client.query('ANALYZE environments, backups, operations');
  return made;
}

/** Removes all that `seed` made, and nothing else. */
export async function removeSeed(client: pg.Client): Promise<SeedCounts> {
  const ofSeeded = `USING environments e WHERE environment_id = e.id AND ${SEEDED}`;
  await client.query('BEGIN');
  const backups = await client.query(`DELETE FROM backups ${ofSeeded}`);
  const operations = await client.query(`DELETE FROM operations ${ofSeeded}`);
  const environments = await client.query(`DELETE FROM environments e WHERE ${SEEDED}`);
  await client.query(
    `DELETE FROM repositories r WHERE r.path LIKE '/${SEED_HOST}/%'
     AND NOT EXISTS (SELECT 1 FROM backups b WHERE b.repository_id = r.id)`,
  );
  await client.query('COMMIT');
  const counted = ({ rowCount }: pg.QueryResult): number => rowCount ?? 0;
  return { environments: counted(environments), backups: counted(backups), operations: counted(operations) };
}
