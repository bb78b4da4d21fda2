import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { calm, environment, failureOf, listed, prove, sessionsOf, takeBackup } from '../engine-under-test.ts';
import { readText } from '../manifest/artifact-reader.ts';
import { readManifest, textArtifact } from '../manifest/manifest.ts';
import type * as binaries from '../postgres/binaries.ts';
import { defaultToolsDir, executable, findClient } from '../postgres/binaries.ts';
import { connect } from '../postgres/connection.ts';
import { probeEnvironment } from '../postgres/probe.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';

// whatever clients the machine has: only those of the tools directory answer here
vi.mock('../postgres/binaries.ts', async (original) => {
  const real = await original<typeof binaries>();
  return { ...real, findClient: (toolsDir: string, major: number) => real.findClient(toolsDir, major, () => []) };
});

let server: ThrowawayPostgres;
let admin: pg.Client;
let repository: Repository;
let source: PostgresTarget;
let place: string;
/** Where temporary files go; empty but for what a backup makes. */
let home: string;
let genuine: string;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  admin = await server.client();
  repository = (await attachRepository(await makeTempDir('wrong-clients'))).repository;
  source = await server.createDatabase('source');
  const client = await server.client(source);
  await client.query('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)');
  const found = await findClient(defaultToolsDir(), 17);
  genuine = executable(found?.binDir ?? '', 'pg_dump');
});
afterAll(() => server.stop());

beforeEach(async () => {
  place = await makeTempDir('clients');
  home = join(place, 'tmp');
  await mkdir(home);
  vi.stubEnv('TMPDIR', home);
});
afterEach(() => vi.unstubAllEnvs());

/** A tools directory whose pg_dump tells its version and its options as the genuine one, and then does this. */
async function clientThat(does: string, major = 17): Promise<string> {
  const toolsDir = join(place, 'tools');
  const binDir = join(toolsDir, 'postgres-client', String(major), 'bin');
  await mkdir(binDir, { recursive: true });
  const script = `#!/bin/sh
case "$1" in
  --version) echo "pg_dump (PostgreSQL) ${major}.0"; exit ;;
  --help) exec '${genuine}' --help ;;
esac
GENUINE='${genuine}'
${does}
`;
  await writeFile(join(binDir, 'pg_dump'), script);
  await chmod(join(binDir, 'pg_dump'), 0o755);
  return toolsDir;
}

/** Does this for one of the two sections only. */
const inPostData = (does: string): string =>
  `case "$*" in *section=post-data*) ${does} ;; *) exec "$GENUINE" "$@" ;; esac`;

describe('a pg_dump', () => {
  it.each([
    ['is killed', 'echo half; kill -9 $$', 'postgres.dump_failed', true, /SIGKILL/],
    [
      'is killed after the other section was written',
      inPostData('kill -9 $$'),
      'postgres.dump_failed',
      true,
      /post-data/,
    ],
    ['writes nothing', 'exit 0', 'postgres.dump_empty', true, /last line/],
    ['writes nothing for one section', inPostData('exit 0'), 'postgres.dump_empty', true, /post-data/],
    ['ends well without its last line', '"$GENUINE" "$@" | head -n 12', 'postgres.dump_empty', true, /last line/],
    ['fails', 'echo "pg_dump: error: out of luck" >&2; exit 1', 'postgres.dump_failed', false, /out of luck/],
    ['writes all and then fails', '"$GENUINE" "$@"; exit 3', 'postgres.dump_failed', false, /exited with 3/],
    ['writes what is no text', "printf '\\377\\376'; exit 0", 'postgres.dump_failed', false, /UTF-8/],
    [
      'is too old for the server',
      'echo "pg_dump: error: server version mismatch" >&2; exit 1',
      'postgres.client_missing',
      false,
      /mismatch/,
    ],
    ['cannot be run', 'exec /nonexistent/pg_dump', 'postgres.dump_failed', false, /exited with 12[67]/],
  ])('that %s is told, and nothing is listed or left', async (_name, does, code, retryable, says) => {
    const error = await failureOf(takeBackup(source, repository, { toolsDir: await clientThat(does) }));
    expect({ code: error.code, retryable: error.retryable, message: error.message }).toEqual({
      ...{ code, retryable },
      message: expect.stringMatching(says),
    });
    expect(error.message).not.toContain(server.target.password);
    expect(await listed(repository)).toEqual([]);
    expect(await readdir(home)).toEqual([]);
    for (let waited = 0; (await sessionsOf(admin, 'source')) > 0 && waited < 3_000; waited += 50) await sleep(50);
    expect(await sessionsOf(admin, 'source')).toBe(0);
  });

  it('that comes too late, behind somebody who waits to alter a table, is told with that table', async () => {
    const target = await server.createDatabase();
    const client = await server.client(target);
    await client.query('CREATE TABLE free (id int); CREATE TABLE wanted (id int)');
    const backup = failureOf(
      takeBackup(target, repository, {
        toolsDir: await clientThat('sleep 1; exec "$GENUINE" "$@"'),
        lockTimeoutSeconds: 1,
      }),
    );
    await sleep(700);
    const began = Date.now();
    const altered = client.query('ALTER TABLE wanted ADD COLUMN more int');
    const error = await backup;
    expect(error).toMatchObject({ code: 'postgres.lock_timeout', message: expect.stringContaining('public.wanted') });
    expect(error.message).not.toContain('free');
    expect(Date.now() - began).toBeLessThan(5_000);
    await altered;
    expect(await prove(repository, await takeBackup(target, repository))).toMatchObject({ verdict: 'proven' });
  });

  it('that hangs is stopped by a cancel', async () => {
    const cancel = new AbortController();
    const toolsDir = await clientThat('echo begun; exec sleep 600');
    const backup = failureOf(takeBackup(source, repository, { toolsDir }, { signal: cancel.signal }));
    await sleep(700);
    cancel.abort(new Error('enough'));
    const at = Date.now();
    expect((await backup).message).toBe('enough');
    expect(Date.now() - at).toBeLessThan(1_000);
    expect(await readdir(home)).toEqual([]);
  });

  it('sees the password in no argument and in no variable', async () => {
    const seen = join(place, 'seen');
    const toolsDir = await clientThat(`{ echo "$*"; env; } >> '${seen}'\nexec "$GENUINE" "$@"`);
    await takeBackup(source, repository, { toolsDir });
    const text = await readFile(seen, 'utf8');
    expect(text).toContain('--section=post-data');
    expect(text).not.toContain(server.target.password);
  });
});

describe('a server newer than every client', () => {
  it('is told, by the backup and by the probe', async () => {
    const toolsDir = await clientThat('exit 0', 16);
    const before = await listed(repository);
    const error = await failureOf(takeBackup(source, repository, { toolsDir }));
    expect(error).toMatchObject({ code: 'postgres.client_missing', retryable: false });
    expect(error.message).toContain('17');
    const probe = await probeEnvironment({ target: source, kind: 'postgres', toolsDir }, calm);
    expect(probe).toMatchObject({ dumpClient: null, blockers: [{ code: 'postgres.client_missing' }] });
    expect(await listed(repository)).toEqual(before);
  });
});

describe('a database with a hostile name', () => {
  it.each([
    '--file=/tmp/holdfast-must-not-exist',
    'host=203.0.113.1 port=1',
    'it\'s a "name" with \\ and \\\' in it',
    'postgresql://203.0.113.1:1/elsewhere',
    'two\nlines',
    ' leading and trailing ',
    'dbname=postgres',
    '%s $(touch x) `id`',
    'ünïcode 🙂',
  ])('is backed up as what it is: %j', async (name) => {
    const target = await server.createDatabase(name);
    const client = await server.client(target);
    await client.query('CREATE TABLE only_here (id int); INSERT INTO only_here VALUES (1), (2), (3)');
    await client.end();
    const summary = await takeBackup(target, repository);
    expect(summary).toMatchObject({ database: name, tables: 1, rows: 3 });
    const manifest = await readManifest(repository, environment.id, summary.backupId, calm.signal);
    const text = await readText(repository, manifest, textArtifact(manifest, 'pre-data'), calm.signal);
    expect(text).toContain('only_here');
    expect(await readdir(home)).toEqual([]);
    expect(await readdir('/tmp')).not.toContain('holdfast-must-not-exist');
    expect(await readdir(process.cwd())).not.toContain('x');
  });
});

describe('a password', () => {
  it.each(['colon:and\\backslash', "quote' and space", 'ünïcode-🙂'])(
    'of any characters signs in: %j',
    async (password) => {
      await admin.query(
        `DROP ROLE IF EXISTS odd; CREATE ROLE odd SUPERUSER LOGIN PASSWORD E'${password.replaceAll(/['\\]/g, '\\$&')}'`,
      );
      const target = { ...source, user: 'odd', password };
      expect(await prove(repository, await takeBackup(target, repository))).toMatchObject({ verdict: 'proven' });
    },
  );
});

describe('a database without an encoding', () => {
  it('whose definitions are no UTF-8 is refused instead of being changed silently', async () => {
    await admin.query(`CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`);
    const target = { ...source, database: 'bytes' };
    const client = await connect(target, { signal: calm.signal, settings: { client_encoding: 'SQL_ASCII' } });
    await client.query(
      String.raw`CREATE TABLE t (id int); DO $$ BEGIN EXECUTE 'COMMENT ON TABLE t IS E''caf\xe9'''; END $$`,
    );
    await client.end();
    const error = await failureOf(takeBackup(target, repository));
    expect(error).toMatchObject({ code: 'postgres.dump_failed', message: expect.stringMatching(/UTF-?8/) });
  });
});
