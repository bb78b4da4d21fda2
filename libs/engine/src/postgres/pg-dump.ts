import { OperationError } from '@holdfast/contracts';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { guardedAddresses } from '../web/guarded-lookup.ts';
import { executable } from './binaries.ts';
import { authoritiesOf, conninfo } from './connection.ts';
import { makePrivateDirectory } from './private-directory.ts';
import type { PostgresTarget } from './target.ts';

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

/** The only line of a passfile, for whatever connection; `:` and `\` are escaped. */
const passfileLine = (password: string): string => `*:*:*:*:${password.replaceAll(/([\\:])/g, '\\$1')}\n`;

/** A schema's name as pg_dump's pattern that matches only it. */
const schemaPattern = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const helps = new Map<string, string>();
async function accepts(binDir: string, option: string): Promise<boolean> {
  const file = executable(binDir, 'pg_dump');
  const { mtimeMs, size } = await stat(file);
  // by time and size: a client that is upgraded while we run may know more
  const key = `${file}\0${mtimeMs}\0${size}`;
  const help = helps.get(key) ?? (await promisify(execFile)(file, ['--help'], { timeout: 10_000 })).stdout;
  helps.set(key, help);
  return help.includes(option);
}

async function dumpArguments(options: DumpOptions, caFile: string | null, restrictKey: string): Promise<string[]> {
  const { host, allowance } = options.target;
  const addresses = allowance ? await guardedAddresses(host, allowance) : [];
  return [
    `--dbname=${conninfo(options.target, caFile, addresses)}`,
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
    ...((await accepts(options.binDir, '--restrict-key')) ? [`--restrict-key=${restrictKey}`] : []),
    ...options.excludeSchemas.map((name) => `--exclude-schema=${schemaPattern(name)}`),
  ];
}

function failure(section: string, code: number | null, killedBy: string | null, stderr: string): OperationError {
  const said = stderr.trim();
  // pg_dump gives its LOCK TABLE a statement timeout
  const locked = /lock timeout|could not obtain lock|statement timeout[^]*LOCK TABLE/i.test(said);
  const message = `pg_dump (${section}) ${killedBy ? `was ended by ${killedBy}` : `exited with ${code}`}: ${said}`;
  if (locked) return new OperationError('postgres.lock_timeout', message);
  if (/permission denied|may lack \w+ privilege/i.test(said))
    return new OperationError('postgres.permission_denied', message);
  if (/server version mismatch/i.test(said)) return new OperationError('postgres.client_missing', message);
  if (/closed the connection|terminating connection|connection to server .*failed|invalid snapshot/i.test(said)) {
    return new OperationError('postgres.connection_lost', message);
  }
  return new OperationError('postgres.dump_failed', message, { retryable: killedBy !== null });
}

/**
 * Takes out the `\restrict` line and its partner: psql's, not SQL, and different each time. Works on whole lines,
 * whatever the pieces. The key is a random one, so that no line of a function's body is taken for one of these.
 */
export class RestrictFilter {
  private readonly key: string;
  private readonly lines: string[];
  private rest = '';

  constructor(key: string) {
    this.key = key;
    this.lines = [`\\restrict ${key}\n`, `\\unrestrict ${key}\n`];
  }

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
    if (!text.includes(`restrict ${this.key}\n`)) return text;
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
  const dir = await makePrivateDirectory({ parent: tmpdir(), prefix: 'holdfast-dump-' });
  try {
    const passfile = join(dir.path, randomBytes(8).toString('hex'));
    await writeFile(passfile, passfileLine(options.target.password), { mode: 0o600 });
    const authorities = authoritiesOf(options.target);
    const caFile = authorities === null ? null : join(dir.path, 'ca.pem');
    if (caFile) await writeFile(caFile, authorities ?? '', { mode: 0o600 });
    const restrictKey = randomBytes(16).toString('hex');
    const args = await dumpArguments(options, caFile, restrictKey);
    yield* runDump(options, args, passfile, new RestrictFilter(restrictKey));
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof OperationError) throw error;
    throw new OperationError('postgres.dump_failed', `pg_dump could not be run: ${String(error)}`, { cause: error });
  } finally {
    await dir.remove();
  }
}

async function* runDump(
  options: DumpOptions,
  args: string[],
  passfile: string,
  filter: RestrictFilter,
): AsyncGenerator<Buffer> {
  const child = spawn(executable(options.binDir, 'pg_dump'), args, {
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
  let tail = '';
  try {
    for await (const part of textOf(child.stdout, options.section)) {
      // the password was read when the connection was made
      if (tail === '') await rm(passfile, { force: true });
      tail = (tail + part).slice(-200);
      const text = filter.push(part);
      if (text) yield Buffer.from(text);
    }
    const [code, killedBy] = await ended;
    if (code !== 0) throw failure(options.section, code, killedBy, stderr);
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

/** A database without an encoding may hold definitions that are no UTF-8: kept as they are not, they would be lost. */
async function* textOf(output: AsyncIterable<Buffer>, section: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (part?: Buffer): string => {
    try {
      return part ? decoder.decode(part, { stream: true }) : decoder.decode();
    } catch (cause) {
      throw new OperationError('postgres.dump_failed', `pg_dump (${section}) wrote text that is not UTF-8`, {
        hint: 'A definition, comment or default in this database holds bytes of another encoding.',
        cause,
      });
    }
  };
  for await (const part of output) yield decode(part);
  yield decode();
}
