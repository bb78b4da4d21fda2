import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { corpus } from '@holdfast/testing/corpus';
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, failureOf, takeBackup, troubled } from '../engine-under-test.ts';
import { readManifest, type Manifest } from '../manifest/manifest.ts';
import { defaultToolsDir, findClient } from '../postgres/binaries.ts';
import { compareCatalogs, readCatalog } from '../postgres/catalog.ts';
import { searchPath } from '../postgres/config.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, chunkPath, type Repository } from '../repository/repository.ts';
import { compareWithBackup } from '../restore/compare.ts';
import { Meter } from '../run.ts';
import { writeBackupTar } from './backup-tar.ts';

/** What `zstd -dcq FILE` does, for machines without it; frames may stand side by side. */
const STAND_IN = `#!/usr/bin/env node
const { readFileSync, writeSync } = require('node:fs');
const { zstdDecompressSync } = require('node:zlib');
for (let rest = readFileSync(process.argv.at(-1)); rest.length > 0; ) {
  const { buffer, engine } = zstdDecompressSync(rest, { info: true });
  for (let at = 0; at < buffer.length; ) at += writeSync(1, buffer, at);
  rest = rest.subarray(engine.bytesWritten);
}
`;

let source: ThrowawayPostgres;
let target: ThrowawayPostgres;
let repository: Repository;
let psqlDir: string;
let zstdDir: string | null = null;
let standInDir: string;

beforeAll(async () => {
  [source, target] = await Promise.all([throwawayPostgres(17), throwawayPostgres(17)]);
  repository = (await attachRepository(await makeTempDir('tar'))).repository;
  psqlDir = (await findClient(defaultToolsDir(), 17))?.binDir ?? '';
  for (const dir of searchPath()) {
    const there = await access(join(dir, 'zstd')).then(
      () => true,
      () => false,
    );
    if (there) zstdDir ??= dir;
  }
  standInDir = await makeTempDir('zstd');
  await writeFile(join(standInDir, 'zstd'), STAND_IN);
  await chmod(join(standInDir, 'zstd'), 0o755);
});
afterAll(() => Promise.all([source.stop(), target.stop()]));

const tarOf = (backupId: string, output: PassThrough, from = repository, signal = calm.signal): Promise<void> =>
  writeBackupTar({ repository: from, environmentId: environment.id, backupId }, output, { signal });

/** Unpacks a tar into an empty directory; answers the names of its files. */
async function unpack(stream: Readable, into: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of stream.pipe(extract())) {
    const { name, mode } = entry.header;
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    await mkdir(dirname(join(into, name)), { recursive: true });
    await writeFile(join(into, name), Buffer.concat(parts), { mode: mode ?? 0o644 });
    names.push(name);
  }
  return names;
}

/** Runs the tar's own script with nothing but psql and zstd. */
async function runScript(dir: string, { host, port, user, password, database }: PostgresTarget, zstd: string) {
  const env = {
    PATH: [psqlDir, zstd, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
  };
  return promisify(execFile)(join(dir, 'backup', 'restore.sh'), [], { env, cwd: '/', maxBuffer: 64 << 20 });
}

async function emptyLike(manifest: Manifest, name: string): Promise<PostgresTarget> {
  const { encoding, collate, ctype } = manifest.source;
  const client = await target.client();
  await client.query(
    `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE '${collate}' LC_CTYPE '${ctype}'`,
  );
  await client.end();
  return { ...target.target, database: name };
}

/** Hostile and large enough together; the others of the corpus differ in what pg_dump writes, not in how it is packed. */
const TRIED = ['hostile_names', 'large_objects', 'partitions', 'row_security', 'text_traps', 'wide_values', 'grants'];

describe('the tar of a backup', () => {
  it.each(corpus.filter(({ name }) => TRIED.includes(name)))(
    'restores $name by psql and zstd alone',
    async ({ name, create }) => {
      const from = await source.createDatabase(name);
      const builder = await source.client(from);
      await create(builder, 17);
      const { backupId } = await takeBackup(from, repository);
      const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
      const output = new PassThrough();
      const dir = await makeTempDir('unpacked');
      const [names] = await Promise.all([unpack(output, dir), tarOf(backupId, output)]);
      expect(names.slice(0, 2)).toEqual(['backup/README.md', 'backup/restore.sh']);
      expect(await readFile(join(dir, 'backup/README.md'), 'utf8')).toContain(manifest.source.serverVersion);
      const restored = await emptyLike(manifest, name);
      await runScript(dir, restored, zstdDir ?? standInDir);
      const found = await target.client(restored);
      expect(compareCatalogs(await readCatalog(builder), await readCatalog(found))).toEqual([]);
      const differences = await compareWithBackup({
        ...{ repository, manifest, target: restored, parallel: 2, signal: calm.signal, meter: new Meter(calm) },
        ...{ keepsTable: () => true, selectCatalog: () => [], rows: true },
      });
      expect(differences).toEqual([]);
    },
    120_000,
  );
});

describe('a tar of large rows', () => {
  let backupId: string;
  let chunks: string[];
  let rows: number;

  beforeAll(async () => {
    const from = await source.createDatabase('large');
    const client = await source.client(from);
    await client.query(`CREATE TABLE big AS SELECT g AS id, md5(g::text) || md5((-g)::text) || md5((g * 3)::text) AS text
      FROM generate_series(1, 220000) g; CREATE TABLE none (id int)`);
    const summary = await takeBackup(from, repository);
    ({ backupId, rows } = summary);
    const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
    const big = manifest.artifacts.find(({ name }) => name === 'public.big');
    chunks = (big?.pieces ?? []).map(({ chunk }) => chunkPath('plain', manifest.chunks[chunk]?.id ?? ''));
    expect(chunks.length).toBeGreaterThan(12);
  });

  it('restores without the zstd program where something does the same', async () => {
    const dir = await makeTempDir('unpacked');
    const output = new PassThrough();
    const [names] = await Promise.all([unpack(output, dir), tarOf(backupId, output)]);
    expect(names.some((name) => name.endsWith('.copy.zst'))).toBe(true);
    const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
    const restored = await emptyLike(manifest, 'by the stand-in');
    await runScript(dir, restored, standInDir);
    const counted = await (await target.client(restored)).query('SELECT count(*)::int AS count FROM big');
    expect(counted.rows).toEqual([{ count: rows }]);
  });

  it('stops with the first error of psql', async () => {
    const dir = await makeTempDir('unpacked');
    const output = new PassThrough();
    await Promise.all([unpack(output, dir), tarOf(backupId, output)]);
    const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
    const occupied = await emptyLike(manifest, 'occupied');
    await (await target.client(occupied)).query('CREATE TABLE big (id int)');
    await expect(runScript(dir, occupied, standInDir)).rejects.toThrow(/relation "big" already exists/);
  });

  it('breaks at a damaged chunk, and never ends as if it were whole', async () => {
    const path = join(repository.driver.location, chunks.at(-2) ?? '');
    const bytes = await readFile(path);
    const damaged = Buffer.from(bytes);
    damaged[100] = (damaged[100] ?? 0) ^ 16;
    await writeFile(path, damaged);
    const output = new PassThrough();
    let ended = false;
    let received = 0;
    output.on('data', (part: Buffer) => (received += part.length)).on('end', () => (ended = true));
    const error = await failureOf(tarOf(backupId, output));
    await writeFile(path, bytes);
    expect(error).toMatchObject({ code: 'backup.damaged', message: expect.stringContaining('public.big') });
    expect({ ended, destroyed: output.destroyed }).toEqual({ ended: false, destroyed: true });
    expect(received).toBeGreaterThan(bytes.length);
  });

  /** Begins a tar for somebody who does not read, and waits until it stands still; counts what is read for it. */
  async function stalled(signal?: AbortSignal) {
    const counted = await troubled(repository);
    const read = { chunks: 0, bytes: 0 };
    counted.driver.afterRead = (path, { length }) => {
      if (!chunks.includes(path)) return;
      read.chunks++;
      read.bytes += length;
    };
    const output = new PassThrough();
    const written = tarOf(backupId, output, counted, signal);
    for (let before = -1; read.chunks === 0 || before !== read.chunks;) {
      before = read.chunks;
      await sleep(150);
    }
    return { output, written, read };
  }

  it('is written no faster than it is read', async () => {
    const { output, written, read } = await stalled();
    expect(read.chunks).toBeLessThanOrEqual(3);
    let received = 0;
    let ahead = 0;
    for await (const part of output) {
      received += (part as Buffer).length;
      ahead = Math.max(ahead, read.bytes - received);
    }
    await written;
    expect(read.chunks).toBe(chunks.length);
    expect(read.bytes).toBeGreaterThan(8_000_000);
    // in memory is at most a chunk or two, however large the backup is
    expect(ahead).toBeLessThan(4_000_000);
  });

  it('ends soon when whoever reads it goes away', async () => {
    const { output, written, read } = await stalled();
    output.destroy();
    await expect(written).rejects.toThrow();
    const before = read.chunks;
    await sleep(200);
    expect(read.chunks).toBe(before);
  });

  it('ends soon when it is cancelled', async () => {
    const cancel = new AbortController();
    const { output, written } = await stalled(cancel.signal);
    cancel.abort(new Error('enough'));
    expect((await failureOf(written)).message).toBe('enough');
    expect(output.destroyed).toBe(true);
  });
});
