import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import fc from 'fast-check';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupSummary } from '../backup/backup.ts';
import { calm, environment, prove, takeBackup } from '../engine-under-test.ts';
import { readManifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, chunkPath, manifestPath, type Repository } from '../repository/repository.ts';

const SEED = 20_261_124;
const RUNS = 320;

const SQL = `
  CREATE TABLE big AS SELECT g AS id, md5(g::text) || md5((-g)::text) AS text FROM generate_series(1, 18000) g;
  CREATE TABLE wide AS SELECT string_agg(md5(g::text), '') AS text FROM generate_series(1, 4000) g;
  CREATE TABLE empty (id int);
  CREATE TABLE parts (id int, at date) PARTITION BY RANGE (id);
  CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (500);
  CREATE TABLE parts_high PARTITION OF parts DEFAULT;
  INSERT INTO parts SELECT g, '2024-01-01'::date + g FROM generate_series(1, 1000) g;
  CREATE SEQUENCE numbers;
  SELECT lo_from_bytea(4000, (SELECT string_agg(decode(md5(g::text), 'hex'), '') FROM generate_series(1, 6000) g));
  SELECT lo_from_bytea(4001, 'small');
  DO $$ BEGIN FOR i IN 1..15 LOOP
    EXECUTE format('CREATE TABLE small_%s AS SELECT g AS id, repeat(md5(g::text), 3) AS t FROM generate_series(1, %s) g', i, i * 20);
  END LOOP; END $$`;

interface Stored {
  path: string;
  bytes: Buffer;
  /** What is damaged when this file is: names of artifacts, none for a file that only the other backup needs. */
  artifacts: string[];
}

let server: ThrowawayPostgres;
let repository: Repository;
let source: PostgresTarget;
let backup: BackupSummary;
let files: Stored[];
let manifestFile: string;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  source = await server.createDatabase('source');
  const client = await server.client(source);
  await client.query(SQL);
  repository = (await attachRepository(await makeTempDir('damage'))).repository;
  backup = await takeBackup(source, repository);
  await client.query(`UPDATE big SET text = text || 'x' WHERE id > 15000; CREATE TABLE one_more (id int)`);
  await takeBackup(source, repository);
  manifestFile = manifestPath(environment.id, backup.backupId);
  files = await readFiles();
});
afterAll(() => server.stop());

const full = (path: string): string => join(repository.driver.location, path);

async function readFiles(): Promise<Stored[]> {
  const manifest = await readManifest(repository, environment.id, backup.backupId, calm.signal);
  const needs = new Map<string, string[]>([
    ['holdfast.json', ['holdfast.json']],
    [manifestFile, ['manifest']],
    ...manifest.chunks.map(({ domain, id }, index): [string, string[]] => [
      chunkPath(domain, id),
      manifest.artifacts.filter(({ pieces }) => pieces.some(({ chunk }) => chunk === index)).map(({ name }) => name),
    ]),
  ]);
  const found: Stored[] = [];
  for await (const { path } of repository.driver.list('')) {
    found.push({ path, bytes: await readFile(full(path)), artifacts: needs.get(path) ?? [] });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What `verify` must name: without descriptor or manifest nothing else can be looked at. */
function expected(damaged: Stored[]): string[] {
  const first = ['holdfast.json', manifestFile].find((path) => damaged.some((file) => file.path === path));
  const told = first ? damaged.filter(({ path }) => path === first) : damaged;
  return [...new Set(told.flatMap(({ artifacts }) => artifacts))].sort();
}

type Change = Map<Stored, Buffer | null>;

/** Any damage to any file. Numbers are taken modulo what there is, so that it shrinks well. */
const damage = fc
  .record({
    kind: fc.constantFrom('flip', 'truncate', 'append', 'swap', 'replace', 'delete'),
    // one in four hits the two files that everything hangs on
    file: fc.oneof({ weight: 3, arbitrary: fc.nat() }, { weight: 1, arbitrary: fc.constantFrom('holdfast.json', '') }),
    other: fc.nat(),
    place: fc.nat({ max: 2 ** 31 - 1 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  })
  .map((drawn) => () => {
    const { kind, place, bytes } = drawn;
    const pick = (at: number): Stored => files[at % files.length] as Stored;
    const named = (path: string): Stored => files.find((file) => file.path === (path || manifestFile)) as Stored;
    const file = typeof drawn.file === 'number' ? pick(drawn.file) : named(drawn.file);
    const other = pick(drawn.other) === file ? pick(drawn.other + 1) : pick(drawn.other);
    const change: Change = new Map();
    if (kind === 'flip') {
      const flipped = Buffer.from(file.bytes);
      const bit = place % (flipped.length * 8);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      change.set(file, flipped);
    } else if (kind === 'truncate') change.set(file, file.bytes.subarray(0, place % file.bytes.length));
    else if (kind === 'append') change.set(file, Buffer.concat([file.bytes, bytes]));
    else if (kind === 'delete') change.set(file, null);
    else change.set(file, other.bytes);
    if (kind === 'swap') change.set(other, file.bytes);
    return { kind, change };
  });

const put = (path: string, bytes: Buffer | null): Promise<void> =>
  bytes ? writeFile(full(path), bytes) : rm(full(path));

async function undamaged(): Promise<void> {
  expect(await prove(repository, backup)).toMatchObject({ verdict: 'proven', damaged: [] });
}

describe('verify', () => {
  it('proves the backup, which has many chunks and shares some', async () => {
    await undamaged();
    expect(files.filter(({ artifacts }) => artifacts.length > 1).length).toBeGreaterThan(0);
    expect(files.filter(({ artifacts }) => artifacts.includes('public.big')).length).toBeGreaterThan(1);
    expect(files.some(({ artifacts }) => artifacts.includes('large objects'))).toBe(true);
    expect(files.some(({ artifacts }) => artifacts.length === 0)).toBe(true);
  });

  it(`names what is damaged, whatever happens to whatever file (${RUNS} damages, seed ${SEED})`, async () => {
    const seen = new Map<string, number>();
    const property = fc.asyncProperty(
      damage,
      fc.constantFrom('checksum' as const, 'content' as const),
      fc.boolean(),
      async (draw, level, known) => {
        const { kind, change } = draw();
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        // where the length tells, the first rung of the ladder is enough
        const sized = [...change].every(([file, bytes]) => bytes?.length !== file.bytes.length);
        try {
          for (const [{ path }, bytes] of change) await put(path, bytes);
          const about = known ? backup : { backupId: backup.backupId };
          const found = await prove(repository, about, sized && known ? 'presence' : level);
          const names = expected([...change.keys()]);
          expect(found.damaged.map(({ artifact }) => artifact).sort()).toEqual(names);
          expect(found.verdict).toBe(names.length > 0 ? 'damaged' : 'proven');
          expect(found.damaged.every(({ problem, cost }) => problem !== '' && cost !== '')).toBe(true);
        } finally {
          for (const { path, bytes } of change.keys()) await put(path, bytes);
        }
        await undamaged();
      },
    );
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    expect([...seen.values()].every((count) => count > RUNS / 12)).toBe(true);
  }, 300_000);

  it('sees every single bit of the descriptor', async () => {
    const file = files.find(({ path }) => path === 'holdfast.json') as Stored;
    for (let bit = 0; bit < file.bytes.length * 8; bit++) {
      const flipped = Buffer.from(file.bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await put(file.path, flipped);
      const found = await prove(repository, { backupId: backup.backupId }, 'presence');
      expect({ bit, damaged: found.damaged.map(({ artifact }) => artifact) }).toEqual({
        bit,
        damaged: ['holdfast.json'],
      });
    }
    await put(file.path, file.bytes);
    await undamaged();
  });

  it('takes a damaged format number for damage, and a newer format for what it is', async () => {
    const { bytes } = files.find(({ path }) => path === manifestFile) as Stored;
    const text = bytes.toString();
    for (const digit of ['3', '5', '9']) {
      await put(manifestFile, Buffer.from(text.replace('"formatVersion":1', `"formatVersion":${digit}`)));
      const found = await prove(repository, { backupId: backup.backupId }, 'presence');
      expect(found.damaged).toMatchObject([{ artifact: 'manifest', problem: expect.stringMatching(/format/) }]);
    }
    const newer = text.replace('"formatVersion":1', '"formatVersion":2').replace('"name":"source"', '"name":"newer"');
    await put(manifestFile, Buffer.from(newer));
    await expect(prove(repository, { backupId: backup.backupId }, 'presence')).rejects.toMatchObject({
      code: 'repository.format_unsupported',
    });
    await put(manifestFile, bytes);
    await undamaged();
  });

  it.each([
    'null',
    '1',
    '"text"',
    '[]',
    '{}',
    '{"mac":1,"manifest":null}',
    '{"mac":"","manifest":{"holdfast":"manifest"}}',
  ])('takes a manifest that is %s for damage', async (text) => {
    const { bytes } = files.find(({ path }) => path === manifestFile) as Stored;
    await put(manifestFile, Buffer.from(text));
    const found = await prove(repository, { backupId: backup.backupId }, 'presence');
    expect(found).toMatchObject({ verdict: 'damaged', damaged: [{ artifact: 'manifest' }] });
    await put(manifestFile, bytes);
  });

  it('does not read a file that has grown beyond what fits into memory', async () => {
    const file = files.find(({ artifacts }) => artifacts.includes('public.big')) as Stored;
    await truncate(full(file.path), 5 * 2 ** 30);
    const found = await prove(repository, backup);
    expect(found.damaged).toMatchObject([{ artifact: 'public.big', problem: 'size' }]);
    await put(file.path, file.bytes);
    await undamaged();
  });
});
