import { makeTempDir } from '@holdfast/testing';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, pathsIn } from './driver-contract.ts';
import { probeRepository } from './probe-repository.ts';
import { attachRepository, manifestPath, openRepository, type Repository } from './repository.ts';

let root: string;
let repository: Repository;
beforeEach(async () => {
  root = await makeTempDir('probe-repository');
  ({ repository } = await attachRepository(root));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('a repository that can be written', () => {
  it('is told with its backups and its room, and nothing is left in it', async () => {
    await repository.driver.write(manifestPath('environment', 'backup'), Buffer.from('{}'));
    const report = await probeRepository(repository);
    expect(report).toMatchObject({
      ...{ repositoryUid: repository.uid, formatVersion: 1, backups: 1, writable: true, blockers: [] },
      ...{ freeBytes: expect.any(Number), totalBytes: expect.any(Number), latencyMs: expect.any(Number) },
    });
    expect(report.freeBytes).toBeLessThanOrEqual(report.totalBytes ?? 0);
    expect(await pathsIn(repository.driver, '')).toEqual(['backups/environment/backup/manifest.json', 'holdfast.json']);
  });

  it('is rid of what a killed probe left long ago, and not of what another one writes now', async () => {
    const [old, now] = [`probes/${Date.now() - 3_700_000}-00`, `probes/${Date.now()}-00`];
    for (const path of [old, now, 'probes/letter']) await repository.driver.write(path, Buffer.from('x'));
    await probeRepository(repository);
    expect(await pathsIn(repository.driver, 'probes')).toEqual([now, 'probes/letter'].toSorted());
  });

  it('may be probed by many at once', async () => {
    const reports = await Promise.all(Array.from({ length: 8 }, () => probeRepository(repository)));
    expect(reports.every(({ writable }) => writable)).toBe(true);
    expect(await readdir(join(root, 'probes'))).toEqual([]);
  });
});

describe('a repository that cannot be written', () => {
  it('is told as that, with the reason and what to do', async () => {
    // a file where the folder of probes would be: refused to root as well
    await writeFile(join(root, 'probes'), '');
    expect(await probeRepository(repository)).toMatchObject({
      ...{ backups: 0, writable: false, freeBytes: expect.any(Number) },
      blockers: [{ code: 'repository.unreachable', hint: expect.stringContaining('writable') }],
    });
  });

  it('is no repository any more, and is not told, once its disk is gone', async () => {
    await rm(root, { recursive: true });
    expect(await codeOf(probeRepository(repository))).toBe('repository.unreachable');
    await mkdir(root);
    expect(await codeOf(openRepository(root, repository.uid))).toBe('repository.missing');
  });
});
