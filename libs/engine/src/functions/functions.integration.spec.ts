import type { ProjectServer } from '@holdfast/testing/supabase';
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackUpInput, BackupSummary } from '../backup/backup.ts';
import { readContents } from '../contents/contents.ts';
import { writeBackupTar } from '../download/backup-tar.ts';
import { calm, environment, failureOf, prove, takeBackup } from '../engine-under-test.ts';
import { readText } from '../manifest/artifact-reader.ts';
import { textArtifact, type Manifest } from '../manifest/manifest.ts';
import { chunkPath } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import { deploy, FunctionsUnderTest, managementOf, write } from './functions-under-test.ts';
import { restoreSettings } from './restore-settings.ts';

let project: FunctionsUnderTest;
let cloud: ProjectServer;
let backup: BackupSummary;
let manifest: Manifest;

beforeAll(async () => {
  project = await FunctionsUnderTest.start('functions');
  cloud = await project.serveFilled('cloud');
  backup = await project.backUp({ management: managementOf(cloud) }, managementOf(cloud));
  manifest = await project.manifestOf(backup);
});
afterAll(() => project.stop());

describe('a backup of functions behind the Management API', () => {
  it('lists each with its sources, its import map and whether it asks for a token', async () => {
    const entries = await project.listOf(manifest);
    expect(backup.functions).toBe(3);
    expect(entries.map(({ slug, verifyJwt, version }) => [slug, verifyJwt, version])).toEqual([
      ['greet', false, 1],
      ['total', true, 1],
      ['whoami', true, 1],
    ]);
    expect(entries[1]).toMatchObject({
      entrypointPath: 'supabase/functions/total/index.ts',
      importMapPath: 'supabase/functions/total/deno.json',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(entries[1]?.files?.map(({ path }) => path)).toEqual(
      ['total/index.ts', 'total/deno.json', 'total/prices.json', '_shared/answer.ts'].map(
        (path) => `supabase/functions/${path}`,
      ),
    );
  });

  it('tells functions and settings among its contents', async () => {
    const where = { repository: project.repository, environmentId: environment.id, backupId: backup.backupId };
    const { items, summary, objects } = await readContents({ ...where, manifestSha256: null }, calm.signal);
    const told = items.filter(({ kind }) => kind === 'function' || kind === 'settings');
    expect(told.map(({ kind, name, files }) => [kind, name, files])).toEqual([
      ...[
        ['function', 'greet', 2],
        ['function', 'total', 4],
        ['function', 'whoami', 2],
      ],
      ...['auth', 'networkRestrictions', 'postgrest', 'secrets', 'sslEnforcement'].map((name) => [
        'settings',
        name,
        null,
      ]),
    ]);
    const [entry] = (await project.listOf(manifest)).slice(1);
    const sizeBytes = entry?.files?.reduce((sum, { size }) => sum + size, 0);
    expect(told[1]).toMatchObject({ sizeBytes, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(summary.kinds).toContainEqual(expect.objectContaining({ kind: 'function', count: 3 }));
    expect(objects).toBeNull();
  });

  it('is proven, and stores nothing twice', async () => {
    expect(await prove(project.repository, backup)).toMatchObject({ verdict: 'proven', damagedCount: 0 });
    const again = await project.backUp({ management: managementOf(cloud) }, managementOf(cloud));
    expect(again.storedBytes).toBeLessThan(backup.storedBytes / 2);
  });

  it('names what a token may not read instead of failing', async () => {
    cloud.faults.plan({ match: /GET .*\/functions\/greet\/body/, times: 1, status: 403 });
    cloud.faults.plan({ match: /GET .*\/config\/auth/, times: 1, status: 404 });
    const { coverage, functions } = await project.backUp({ management: managementOf(cloud) }, managementOf(cloud));
    expect(functions).toBe(3);
    expect(coverage.gaps).toContainEqual(
      expect.objectContaining({ code: 'functions-unreadable', subjects: ['greet (403)'] }),
    );
    expect(coverage.gaps).toContainEqual(expect.objectContaining({ code: 'settings-unreadable', subjects: ['auth'] }));
  });

  it('does not say that a part is inside of which nothing could be read', async () => {
    const empty = managementOf(await project.serve('empty'));
    const both = ['functions', 'settings'];
    expect((await project.backUp({ management: empty }, empty)).coverage.included).toEqual(
      expect.arrayContaining(both),
    );
    cloud.faults.plan({
      match: /GET .*\/(functions|auth|postgrest|network-.*|ssl-.*|secrets)$/,
      times: 7,
      status: 403,
    });
    const { coverage } = await project.backUp({ management: managementOf(cloud) }, managementOf(cloud));
    expect(coverage.included.filter((part) => both.includes(part))).toEqual([]);
    expect(coverage.gaps.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['functions-unreadable', 'settings-unreadable']),
    );
  });

  it('names functions that can have no such name, and reads the others', async () => {
    const odd = await project.serve('odd names');
    await deploy(odd, 'good', { 'good/index.ts': '' });
    const list = join(project.dir, 'odd names/management/functions');
    const kept = JSON.parse(await readFile(join(list, 'good/function.json'), 'utf8'));
    kept.record.slug = '../../x';
    await write(list, { 'bad/function.json': JSON.stringify(kept) });
    const { functions, coverage } = await project.backUp({ management: managementOf(odd) });
    expect(functions).toBe(1);
    expect(coverage.gaps).toContainEqual(
      expect.objectContaining({ code: 'function-names', subjects: ['../../x'], count: 1 }),
    );
  });

  it('is refused before the database is read where there is no such project, token or directory', async () => {
    const good = managementOf(cloud);
    const wrong: [Partial<BackUpInput>, string][] = [
      [{ functions: { management: { ...good, projectRef: 'a'.repeat(20) } } }, 'management.refused'],
      [{ settings: { ...good, accessToken: `sbp_${'0'.repeat(40)}` } }, 'management.refused'],
      [{ functions: { directory: join(project.dir, 'nowhere') }, settings: good }, 'functions.directory_missing'],
    ];
    for (const [given, code] of wrong) {
      const steps: string[] = [];
      const run = { ...calm, onProgress: ({ step }: { step: string }) => void steps.push(step) };
      expect(await failureOf(takeBackup(project.database, project.repository, given, run))).toMatchObject({ code });
      expect(steps).toEqual(['connect']);
    }
  });

  it('asks again when the API is busy, and fails without the token in its words', async () => {
    cloud.faults.plan({ match: /GET .*\/functions$/, times: 1, status: 429, retryAfter: 1 });
    expect((await project.backUp({ management: managementOf(cloud) })).functions).toBe(3);
    const accessToken = `sbp_${'0'.repeat(40)}`;
    const refused = await failureOf(project.backUp({ management: { ...managementOf(cloud), accessToken } }));
    expect(refused).toMatchObject({ code: 'management.refused' });
    expect(`${refused.message} ${refused.hint}`).not.toContain(accessToken);
  });
});

describe('settings', () => {
  it('are captured without secrets, which are named', async () => {
    const settings = JSON.parse(
      await readText(project.repository, manifest, textArtifact(manifest, 'settings'), calm.signal),
    );
    expect(settings).toMatchObject({
      groups: { auth: { site_url: 'https://shop.example', jwt_exp: 1800 }, sslEnforcement: { database: false } },
      dropped: ['postgrest.jwt_secret'],
    });
    expect(settings.secrets.map(({ name }: { name: string }) => name)).toContain('MAIL_API_KEY');
    expect(JSON.stringify(settings)).not.toContain(cloud.tokens.secret);
    const gaps = new Map(backup.coverage.gaps.map(({ code, subjects }) => [code, subjects]));
    expect(gaps.get('settings-secret')).toEqual(['postgrest.jwt_secret']);
    expect(gaps.get('function-secrets')).toContain('MAIL_API_KEY');
  });

  it('are compared, and changed only when asked for', async () => {
    const other = await project.serve('other settings');
    const restored = (apply: boolean) =>
      restoreSettings({
        ...{ repository: project.repository, manifest, management: managementOf(other), apply, needsAll: apply },
        ...{ meter: new Meter(calm), signal: calm.signal },
      });
    const secret = {
      kind: 'secret',
      subject: 'MAIL_API_KEY',
      expected: 'as in the backup',
      found: null,
      protection: false,
    };
    const site = { kind: 'setting', subject: 'auth.site_url', expected: 'https://shop.example' };
    const compared = await restored(false);
    expect(compared.applied).toEqual([]);
    expect(compared.differences).toMatchObject([
      { ...site, found: 'http://localhost:3000' },
      { subject: 'auth.jwt_exp', expected: '1800', found: '3600' },
      secret,
    ]);
    expect(await restored(false)).toEqual(compared);
    expect(await restored(true)).toEqual({
      applied: ['auth.site_url', 'auth.jwt_exp'],
      differences: [secret],
      gaps: [],
    });
  });
});

describe('the tar of a backup', () => {
  it('holds the functions and the settings as plain files, none of which lies outside', async () => {
    const hostile = await project.serve('hostile tar');
    await deploy(hostile, 'bad', { 'bad/index.ts': 'good', '../../escaped.ts': 'x' });
    const { backupId } = await project.backUp({ management: managementOf(hostile) }, managementOf(hostile));
    const output = new PassThrough();
    const files = new Map<string, string>();
    const unpacked = async () => {
      for await (const entry of output.pipe(extract())) {
        const parts: Buffer[] = [];
        for await (const part of entry) parts.push(part as Buffer);
        files.set(entry.header.name, Buffer.concat(parts).toString());
      }
    };
    const written = writeBackupTar(
      { repository: project.repository, environmentId: environment.id, backupId },
      output,
      calm,
    );
    await Promise.all([unpacked(), written]);
    expect(files.get('backup/functions/bad/bad/index.ts')).toBe('good');
    expect(files.get('backup/functions/bad/%2E%2E/%2E%2E/escaped.ts')).toBe('x');
    expect(JSON.parse(files.get('backup/functions.jsonl') ?? '')).toMatchObject({
      ...{ slug: 'bad', files: [{ path: 'bad/index.ts' }, { path: '../../escaped.ts' }] },
    });
    expect(JSON.parse(files.get('backup/settings.json') ?? '')).toMatchObject({ groups: { auth: { jwt_exp: 3600 } } });
    expect([...files.keys()].filter((name) => name.split('/').includes('..'))).toEqual([]);
  });
});

describe('a damaged chunk', () => {
  it('names the files that lie in it', async () => {
    const entries = await project.listOf(manifest);
    const chunk = manifest.chunks[entries[0]?.files?.[0]?.pieces[0]?.[0] ?? -1];
    await truncate(join(project.repository.driver.location, chunkPath('plain', chunk?.id ?? '')), 100);
    for (const level of ['presence', 'content'] as const) {
      const proof = await prove(project.repository, backup, level);
      expect(proof.verdict).toBe('damaged');
      expect(proof.damaged).toContainEqual({
        artifact: 'functions/greet/supabase/functions/greet/index.ts',
        problem: 'size',
        cost: 'The function greet cannot be restored.',
      });
    }
  });
});
