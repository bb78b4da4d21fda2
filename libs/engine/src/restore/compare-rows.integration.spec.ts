import type { RestoreReport, StepProgress } from '@holdfast/contracts';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calm, environment, takeBackup } from '../engine-under-test.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { restore, type RestoreArguments } from './restore.ts';

let servers: { 17: ThrowawayPostgres; 18: ThrowawayPostgres };
let dir: string;
let repository: Repository;
let backupId: string;

beforeAll(async () => {
  const [older, newer] = await Promise.all([throwawayPostgres(17), throwawayPostgres(18)]);
  servers = { 17: older, 18: newer };
  dir = await makeTempDir('compare-rows');
  const source = await older.createDatabase('source');
  const client = await older.client(source);
  await client.query(`CREATE TABLE large AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 50000) g;
    CREATE TABLE small AS SELECT 1 AS id`);
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  backupId = (await takeBackup(source, repository)).backupId;
});
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.stop()));
  await rm(dir, { recursive: true });
});

/** Restores into a new database; also how many bytes were there to be compared. */
async function giveBack(
  major: 17 | 18,
  over: Partial<RestoreArguments>,
): Promise<{ report: RestoreReport; toCompare: number | null }> {
  let last: StepProgress | undefined;
  const onProgress = (progress: StepProgress): void => {
    if (progress.step === 'compare') last = progress;
  };
  const what = { repository, sourceEnvironmentId: environment.id, backupId, schemas: [], tables: [] };
  const where = { target: servers[major].target, newDatabase: `copy_${randomUUID()}`, overwrite: false };
  const how = { content: 'all', dryRun: false, operationId: randomUUID(), parallel: 2 } as const;
  const report = await restore({ ...what, ...where, ...how, ...over }, { ...calm, onProgress });
  return { report, toCompare: last?.total ?? null };
}

it.each([
  ['unless told otherwise', 17, {}, true],
  ['when asked to', 17, { compareRows: true }, true],
  ['never when asked not to', 17, { compareRows: false }, false],
  ['not where the same version proved it', 17, { compareRows: 'unproven' }, false],
  ['where another version proved it', 18, { compareRows: 'unproven' }, true],
] as const)('reads every row again %s', async (_when, major, over, compares) => {
  const { report, toCompare } = await giveBack(major, over);
  expect(report).toMatchObject({ rowsCompared: compares, differenceCount: 0, rows: 50_001 });
  expect(toCompare === null).toBe(!compares);
});
