import { OperationError } from '@holdfast/contracts';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conninfo } from './connection.ts';
import type { PostgresTarget } from './target.ts';

/** The key we give pg_dump for its `\restrict` lines, so that equal schemas give equal text; the lines are taken out. */
const RESTRICT_KEY = 'holdfast';
const TAIL_LIMIT = 8_000;
const TRAILER = '-- PostgreSQL database dump complete';

interface DumpOptions {
  binDir: string;
  target: PostgresTarget;
  section: 'pre-data' | 'post-data';
  snapshot: string;
  lockTimeoutSeconds: number;
  excludeSchemas: string[];
  signal: AbortSignal;
}

/** A line of a passfile: `:` and `\` are escaped. */
const passfileField = (text: string): string => text.replaceAll(/([\\:])/g, '\\$1');

function passfileLine(target: PostgresTarget): string {
  const { host, port, database, user, password } = target;
  return `${[host, String(port), database, user, password].map(passfileField).join(':')}\n`;
}

/** A schema's name as pg_dump's pattern that matches only it. */
const schemaPattern = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function accepts(binDir: string, option: string): Promise<boolean> {
  const child = spawn(join(binDir, 'pg_dump'), ['--help'], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
  let help = '';
  for await (const part of child.stdout) help += String(part);
  return help.includes(option);
}

const known = new Map<string, Promise<boolean>>();
function hasRestrictKey(binDir: string): Promise<boolean> {
  const asked = known.get(binDir) ?? accepts(binDir, '--restrict-key');
  known.set(binDir, asked);
  return asked;
}

async function dumpArguments(options: DumpOptions, caFile: string | null): Promise<string[]> {
  return [
    `--dbname=${conninfo(options.target, caFile)}`,
    `--section=${options.section}`,
    `--snapshot=${options.snapshot}`,
    `--lock-wait-timeout=${Math.max(1, Math.round(options.lockTimeoutSeconds * 1000))}`,
    '--format=plain',
    '--encoding=UTF8',
    '--no-password',
    '--no-subscriptions',
    '--no-tablespaces',
    // ours: pg_dump moved them from pre-data into data with version 17
    '-B',
    '--quote-all-identifiers',
    ...((await hasRestrictKey(options.binDir)) ? [`--restrict-key=${RESTRICT_KEY}`] : []),
    ...options.excludeSchemas.map((name) => `--exclude-schema=${schemaPattern(name)}`),
  ];
}

function failure(section: string, code: number | null, killedBy: string | null, stderr: string): OperationError {
  const said = stderr.trim();
  const locked = /lock timeout|could not obtain lock/i.test(said);
  const message = `pg_dump (${section}) ${killedBy ? `was ended by ${killedBy}` : `exited with ${code}`}: ${said}`;
  if (locked) return new OperationError('postgres.lock_timeout', message);
  if (/permission denied/i.test(said)) return new OperationError('postgres.permission_denied', message);
  if (/server version mismatch/i.test(said)) return new OperationError('postgres.client_missing', message);
  if (/closed the connection|terminating connection|could not connect|invalid snapshot/i.test(said)) {
    return new OperationError('postgres.connection_lost', message);
  }
  return new OperationError('postgres.dump_failed', message, { retryable: killedBy !== null });
}

/** Takes out the `\restrict` line and its partner: psql's, not SQL. Works on whole lines, whatever the pieces. */
class RestrictFilter {
  private rest = '';
  private readonly lines = [`\\restrict ${RESTRICT_KEY}\n`, `\\unrestrict ${RESTRICT_KEY}\n`];

  push(part: string): string {
    const text = this.rest + part;
    const end = text.lastIndexOf('\n') + 1;
    this.rest = text.slice(end);
    return this.clean(text.slice(0, end));
  }

  end(): string {
    return this.clean(this.rest);
  }

  private clean(text: string): string {
    if (!text.includes(`restrict ${RESTRICT_KEY}\n`)) return text;
    return text
      .split(/(?<=\n)/)
      .filter((line) => !this.lines.includes(line))
      .join('');
  }
}

/**
 * Streams the plain SQL of one section of a database, as `pg_dump` writes it under the given snapshot. No shell; the
 * password goes by a passfile that lives as long as the process. Throws `postgres.dump_failed`, `postgres.dump_empty`,
 * `postgres.lock_timeout`, `postgres.permission_denied`, `postgres.client_missing`, `postgres.connection_lost`.
 */
export async function* dumpSection(options: DumpOptions): AsyncGenerator<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-dump-'));
  try {
    const passfile = join(dir, randomBytes(8).toString('hex'));
    await writeFile(passfile, passfileLine(options.target), { mode: 0o600 });
    const caFile = options.target.caCertificate === null ? null : join(dir, 'ca.pem');
    if (caFile) await writeFile(caFile, options.target.caCertificate ?? '', { mode: 0o600 });
    yield* runDump(options, await dumpArguments(options, caFile), passfile);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function* runDump(options: DumpOptions, args: string[], passfile: string): AsyncGenerator<Buffer> {
  const child = spawn(join(options.binDir, 'pg_dump'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', PGPASSFILE: passfile },
    signal: options.signal,
    killSignal: 'SIGTERM',
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr = (stderr + part).slice(-TAIL_LIMIT)));
  const ended = new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killedBy) => resolve([code, killedBy]));
  });
  ended.catch(() => undefined); // seen below, once the output was read
  const filter = new RestrictFilter();
  let tail = '';
  try {
    child.stdout.setEncoding('utf8');
    for await (const part of child.stdout as AsyncIterable<string>) {
      // the password was read when the connection was made
      if (tail === '') await rm(passfile, { force: true });
      tail = (tail + part).slice(-200);
      const text = filter.push(part);
      if (text) yield Buffer.from(text);
    }
    const [code, killedBy] = await ended;
    if (code !== 0) throw failure(options.section, code, killedBy, stderr);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof OperationError) throw error;
    throw new OperationError('postgres.dump_failed', `pg_dump could not be run: ${String(error)}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
  }
  const rest = filter.end();
  if (rest) yield Buffer.from(rest);
  if (!tail.includes(TRAILER)) {
    throw new OperationError('postgres.dump_empty', `pg_dump (${options.section}) ended without its last line`, {
      hint: 'What was read is not kept. Check the disk and memory of the machine the worker runs on.',
    });
  }
}
