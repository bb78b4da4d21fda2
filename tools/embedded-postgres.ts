import { OperationError } from '@holdfast/contracts';
import { findServer, startPostgres, type PostgresServer, type PostgresTarget } from '@holdfast/engine/embedded';
import { applyMigrations, connect, toolsDir } from '@holdfast/testing';
import pg from 'pg';

const MAJOR = 17;

export interface EmbeddedOptions {
  dataDir: string;
  port: number;
  /** Of the superuser `postgres`. */
  password: string;
  durable: boolean;
  settings?: Record<string, string>;
  onLine(line: string): void;
}

/** Starts one of the stack's own Postgres servers. */
export async function startEmbedded(o: EmbeddedOptions, signal: AbortSignal): Promise<PostgresServer> {
  const binDir = await findServer(toolsDir(), MAJOR);
  if (!binDir) {
    throw new OperationError('postgres.server_missing', `No Postgres ${MAJOR} server in ${toolsDir()}`, {
      hint: 'Run: node tools/setup.mjs',
    });
  }
  return startPostgres({ ...o, binDir }, { signal, onLine: o.onLine });
}

/** Makes sure of our own role and database, brings the tables to this version, and answers how to sign in. */
export async function prepareDatabase(server: PostgresTarget, password: string): Promise<PostgresTarget> {
  const client = await connect(server);
  try {
    const role = await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'holdfast'");
    const verb = role.rowCount ? 'ALTER' : 'CREATE';
    await client.query(`${verb} ROLE holdfast LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
    if (!(await hasDatabase(client, 'holdfast'))) await client.query('CREATE DATABASE holdfast OWNER holdfast');
  } finally {
    await client.end();
  }
  const target = { ...server, user: 'holdfast', database: 'holdfast', password };
  await applyMigrations(target);
  return target;
}

/** Whether the server has a database of this name. */
export const hasDatabase = async (client: pg.Client, name: string): Promise<boolean> =>
  (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount === 1;
