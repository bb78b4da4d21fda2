import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findClient, type PostgresTarget } from '@holdfast/engine';
import { connect, toolsDir } from '@holdfast/testing';

const MAJOR = 17;
const TIMEOUT_MS = 1_800_000;

const conninfo = ({ host, port, user, database }: PostgresTarget): string =>
  `host=${host} port=${port} user=${user} dbname=${database}`;

/** Runs one of Postgres's own programs to its end; its output goes to nowhere. */
async function program(name: string, target: PostgresTarget, args: string[]): Promise<void> {
  const found = await findClient(toolsDir(), MAJOR);
  if (!found) throw new Error(`no ${name} of version ${MAJOR}; run node tools/setup.mjs`);
  const child = spawn(join(found.binDir, name), args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PGPASSWORD: target.password },
    timeout: TIMEOUT_MS,
  });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr = (stderr + part.toString()).slice(-4000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${name} exited with ${code}: ${stderr}`);
}

/** `pg_dump -Fd -j2 -Z zstd:3` into a directory. */
export const pgDump = (source: PostgresTarget, dir: string): Promise<void> =>
  program('pg_dump', source, [`--dbname=${conninfo(source)}`, '-Fd', '-j2', '-Z', 'zstd:3', '-f', dir]);

/** `pg_restore -j2` of such a directory into an empty database. */
export const pgRestore = (target: PostgresTarget, dir: string): Promise<void> =>
  program('pg_restore', target, [`--dbname=${conninfo(target)}`, '-j2', dir]);

/** The floor: every table by a bare `COPY … TO STDOUT` to nowhere, two at a time, largest first. */
export async function bareCopy(source: PostgresTarget): Promise<void> {
  const client = await connect(source);
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY pg_table_size(c.oid) DESC`,
  );
  await client.end();
  const queue = rows.map(({ name }) => name);
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name; name = queue.shift()) {
      const args = ['--no-psqlrc', `--dbname=${conninfo(source)}`, '--command', `COPY ${name} TO STDOUT`];
      await program('psql', source, args);
    }
  };
  await Promise.all([work(), work()]);
}
