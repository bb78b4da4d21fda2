import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '@holdfast/engine/embedded';
import { describe, expect, it } from 'vitest';
import { makeTempDir, sweepTempDirs } from './temp-dir.ts';
import { throwawayControlPlane } from './throwaway-control-plane.ts';
import { throwawayPostgres } from './throwaway-postgres.ts';
import { throwawayTemporal } from './throwaway-temporal.ts';

describe('throwawayPostgres', () => {
  it.each([15, 16, 17, 18])('serves Postgres %i and leaves nothing', async (major) => {
    const postgres = await throwawayPostgres(major);
    const client = await postgres.client(await postgres.createDatabase('with space'));
    const { rows } = await client.query<{ version: number; name: string }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS version, current_database() AS name`,
    );
    expect(rows).toEqual([{ version: major, name: 'with space' }]);
    await postgres.stop();
    expect(isAlive(postgres.server.pid)).toBe(false);
    await expect(stat(postgres.dataDir)).rejects.toThrow('ENOENT');
  });

  it('gives every server a password of its own', async () => {
    const [a, b] = await Promise.all([throwawayPostgres(), throwawayPostgres()]);
    await expect(a.client({ ...a.target, password: b.target.password })).rejects.toThrow('password');
    await Promise.all([a.stop(), b.stop()]);
  });

  it('takes settings, and says where to get a server that is missing', async () => {
    const postgres = await throwawayPostgres(17, { settings: { wal_level: 'logical' } });
    const { rows } = await (await postgres.client()).query('SHOW wal_level');
    expect(rows).toEqual([{ wal_level: 'logical' }]);
    await postgres.stop();
    await expect(throwawayPostgres(14)).rejects.toMatchObject({ code: 'postgres.server_missing' });
  });
});

describe('throwawayControlPlane', () => {
  it('is migrated, empty and apart from its neighbours', async () => {
    const [a, b] = await Promise.all([throwawayControlPlane(), throwawayControlPlane()]);
    await a.database.account.create({
      data: { id: crypto.randomUUID(), email: 'a@b.example', name: 'A', passwordHash: '-', role: 'owner' },
    });
    expect(await a.database.account.count()).toBe(1);
    expect(await b.database.account.count()).toBe(0);
    await a.stop();
    expect(await b.database.account.count()).toBe(0);
    await b.stop();
  });
});

describe('throwawayTemporal', () => {
  it('knows our search attributes, shows the Web UI and ends with stop', async () => {
    const temporal = await throwawayTemporal();
    expect((await fetch(temporal.uiUrl)).ok).toBe(true);
    const attributes = await (await fetch(`${temporal.uiUrl}/api/v1/namespaces/default/search-attributes`)).json();
    expect(attributes).toMatchObject({ customAttributes: { EnvironmentId: 'INDEXED_VALUE_TYPE_KEYWORD' } });
    await temporal.stop();
    expect(isAlive(temporal.pid)).toBe(false);
  });
});

describe('temporary directories', () => {
  it('are swept once the process that made them is gone, and not before', async () => {
    const ours = await makeTempDir('ours');
    const gone = spawn('true');
    await once(gone, 'exit');
    const theirs = await mkdtemp(join(tmpdir(), `holdfast-throwaway-${gone.pid}-left-`));
    await mkdir(join(theirs, 'cluster'));
    await writeFile(join(theirs, 'cluster', 'file'), '');
    await sweepTempDirs();
    expect(await readdir(ours)).toEqual([]);
    await expect(stat(theirs)).rejects.toThrow('ENOENT');
    await rm(ours, { recursive: true });
  });
});
