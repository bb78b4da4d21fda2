import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import {
  createProjectDatabase,
  fillFunctions,
  startProjectServer,
  type ProjectServer,
  type ProjectServerOptions,
} from '@holdfast/testing/supabase';
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBackupTar } from '../download/backup-tar.ts';
import { calm, environment, failureOf, prove, takeBackup } from '../engine-under-test.ts';
import { readText } from '../manifest/artifact-reader.ts';
import { functionListOf, readManifest, textArtifact, type Manifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, chunkPath, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import type { BackUpInput, BackupSummary } from '../backup/backup.ts';
import type { FunctionsPlace } from './capture-functions.ts';
import { readFunctionList, type FunctionEntry } from './function-list.ts';
import type { ManagementEndpoint } from './management-client.ts';
import { restoreFunctions, type RestoredFunctions } from './restore-functions.ts';
import { restoreSettings } from './restore-settings.ts';

const USER = '10000000-0000-4000-8000-000000000001';

let postgres: ThrowawayPostgres;
let database: PostgresTarget;
let dir: string;
let repository: Repository;
let cloud: ProjectServer;
let backup: BackupSummary;
let manifest: Manifest;
const servers: ProjectServer[] = [];

async function serve(name: string, more: Partial<ProjectServerOptions> = {}): Promise<ProjectServer> {
  const server = await startProjectServer({ target: database, dir: join(dir, name), ...more });
  servers.push(server);
  return server;
}

const managementOf = ({ url, ref, managementToken }: ProjectServer): ManagementEndpoint => ({
  ...{ url, projectRef: ref, accessToken: managementToken },
});

async function backUp(functions: FunctionsPlace, settings?: ManagementEndpoint): Promise<BackupSummary> {
  const more = settings ? { settings } : {};
  return takeBackup(database, repository, {
    ...{ environment: { ...environment, kind: 'supabase-cloud' }, functions, ...more },
  });
}

const manifestOf = ({ backupId }: BackupSummary): Promise<Manifest> =>
  readManifest(repository, environment.id, backupId, calm.signal);

async function listOf(of: Manifest): Promise<FunctionEntry[]> {
  const list = functionListOf(of);
  const entries: FunctionEntry[] = [];
  if (list) for await (const entry of readFunctionList(repository, of, list, calm.signal)) entries.push(entry);
  return entries;
}

const giveBack = (
  place: FunctionsPlace,
  more: { functions?: string[]; dryRun?: boolean; manifest?: Manifest } = {},
): Promise<RestoredFunctions> =>
  restoreFunctions({
    ...{ repository, manifest, place, functions: [], dryRun: false },
    ...{ meter: new Meter(calm), signal: calm.signal, ...more },
  });

async function call({ url }: ProjectServer, slug: string, token: string | null = null): Promise<string> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/functions/v1/${slug}`, { headers, signal: AbortSignal.timeout(30_000) });
  return `${answer.status} ${answer.headers.get('content-type')} ${await answer.text()}`;
}

async function answersOf(server: ProjectServer): Promise<string[]> {
  const token = await server.tokens.sign({ sub: USER, role: 'authenticated' }, 60);
  return [await call(server, 'greet'), await call(server, 'whoami', token), await call(server, 'total', token)];
}

async function deploy({ url, ref, managementToken }: ProjectServer, slug: string, files: Record<string, string>) {
  const form = new FormData();
  const [entrypoint] = Object.keys(files);
  form.set('metadata', JSON.stringify({ name: slug, entrypoint_path: entrypoint, verify_jwt: true }));
  for (const [path, text] of Object.entries(files)) form.append('file', new Blob([text]), path);
  const answer = await fetch(`${url}/v1/projects/${ref}/functions/deploy?slug=${slug}`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${managementToken}` }, body: form },
  });
  expect(answer.status).toBe(201);
}

async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

beforeAll(async () => {
  postgres = await throwawayPostgres(17);
  database = await postgres.createDatabase('project');
  await createProjectDatabase(database);
  dir = await makeTempDir('functions');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  cloud = await serve('cloud');
  await fillFunctions(cloud);
  backup = await backUp({ management: managementOf(cloud) }, managementOf(cloud));
  manifest = await manifestOf(backup);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

describe('a backup of functions behind the Management API', () => {
  it('lists each with its sources, its import map and whether it asks for a token', async () => {
    const entries = await listOf(manifest);
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

  it('is proven, and stores nothing twice', async () => {
    expect(await prove(repository, backup)).toMatchObject({ verdict: 'proven', damagedCount: 0 });
    const again = await backUp({ management: managementOf(cloud) }, managementOf(cloud));
    expect(again.storedBytes).toBeLessThan(backup.storedBytes / 2);
  });

  it('names what a token may not read instead of failing', async () => {
    cloud.faults.plan({ match: /GET .*\/functions\/greet\/body/, times: 1, status: 403 });
    cloud.faults.plan({ match: /GET .*\/config\/auth/, times: 1, status: 404 });
    const { coverage, functions } = await backUp({ management: managementOf(cloud) }, managementOf(cloud));
    expect(functions).toBe(3);
    expect(coverage.gaps).toContainEqual(
      expect.objectContaining({ code: 'functions-unreadable', subjects: ['greet (403)'] }),
    );
    expect(coverage.gaps).toContainEqual(expect.objectContaining({ code: 'settings-unreadable', subjects: ['auth'] }));
  });

  it('does not say that a part is inside of which nothing could be read', async () => {
    const empty = managementOf(await serve('empty'));
    const both = ['functions', 'settings'];
    expect((await backUp({ management: empty }, empty)).coverage.included).toEqual(expect.arrayContaining(both));
    cloud.faults.plan({
      match: /GET .*\/(functions|auth|postgrest|network-.*|ssl-.*|secrets)$/,
      times: 7,
      status: 403,
    });
    const { coverage } = await backUp({ management: managementOf(cloud) }, managementOf(cloud));
    expect(coverage.included.filter((part) => both.includes(part))).toEqual([]);
    expect(coverage.gaps.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['functions-unreadable', 'settings-unreadable']),
    );
  });

  it('names functions that can have no such name, and reads the others', async () => {
    const odd = await serve('odd names');
    await deploy(odd, 'good', { 'good/index.ts': '' });
    const list = join(dir, 'odd names/management/functions');
    const kept = JSON.parse(await readFile(join(list, 'good/function.json'), 'utf8'));
    kept.record.slug = '../../x';
    await write(list, { 'bad/function.json': JSON.stringify(kept) });
    const { functions, coverage } = await backUp({ management: managementOf(odd) });
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
      [{ functions: { directory: join(dir, 'nowhere') }, settings: good }, 'functions.directory_missing'],
    ];
    for (const [given, code] of wrong) {
      const steps: string[] = [];
      const run = { ...calm, onProgress: ({ step }: { step: string }) => void steps.push(step) };
      expect(await failureOf(takeBackup(database, repository, given, run))).toMatchObject({ code });
      expect(steps).toEqual(['connect']);
    }
  });

  it('asks again when the API is busy, and fails without the token in its words', async () => {
    cloud.faults.plan({ match: /GET .*\/functions$/, times: 1, status: 429, retryAfter: 1 });
    expect((await backUp({ management: managementOf(cloud) })).functions).toBe(3);
    const accessToken = `sbp_${'0'.repeat(40)}`;
    const refused = await failureOf(backUp({ management: { ...managementOf(cloud), accessToken } }));
    expect(refused).toMatchObject({ code: 'management.refused' });
    expect(`${refused.message} ${refused.hint}`).not.toContain(accessToken);
  });
});

describe('a restore of functions', () => {
  it('deploys them so that they answer as before, and a second time nothing', async () => {
    const other = await serve('other cloud');
    const place = { management: managementOf(other) };
    expect(await giveBack(place, { dryRun: true })).toMatchObject({ deployed: ['greet', 'total', 'whoami'] });
    expect(await giveBack(place, { functions: ['greet'] })).toMatchObject({ deployed: ['greet'], kept: [] });
    expect(await giveBack(place)).toEqual({ deployed: ['total', 'whoami'], kept: ['greet'], gaps: [] });
    expect(await giveBack(place)).toMatchObject({ deployed: [], kept: ['greet', 'total', 'whoami'] });
    expect(await answersOf(other)).toEqual(await answersOf(cloud));
    expect(await call(other, 'whoami')).toMatch(/^401/);
  });

  it('deploys one again whose token check was switched off, and knows no other', async () => {
    const other = await serve('switched');
    const place = { management: managementOf(other) };
    await giveBack(place);
    await fetch(`${other.url}/v1/projects/${other.ref}/functions/whoami`, {
      ...{ method: 'PATCH', body: '{"verify_jwt":false}' },
      headers: { authorization: `Bearer ${other.managementToken}` },
    });
    expect(await giveBack(place)).toMatchObject({ deployed: ['whoami'] });
    expect(await failureOf(giveBack(place, { functions: ['nobody'] }))).toMatchObject({
      ...{ code: 'restore.selection_unknown', message: 'The backup holds no function "nobody"' },
    });
  });

  it('writes them into the directory of a self-hosted project, where they answer as before', async () => {
    const directory = join(dir, 'volume');
    await write(directory, { 'own/index.ts': '// mine\n', 'greet/notes.txt': 'mine too' });
    const selfHosted = await serve('self-hosted', { functionsDirectory: directory });
    const restored = await giveBack({ directory });
    expect(restored).toMatchObject({ deployed: ['greet', 'total', 'whoami'], kept: [] });
    expect(restored.gaps).toMatchObject([
      { code: 'functions-verify-jwt', subjects: ['greet: no', 'total: yes', 'whoami: yes'] },
    ]);
    expect(await answersOf(selfHosted)).toEqual(await answersOf(cloud));
    expect(await readFile(join(directory, 'own/index.ts'), 'utf8')).toBe('// mine\n');
    expect(await readFile(join(directory, 'greet/notes.txt'), 'utf8')).toBe('mine too');
    expect(await giveBack({ directory })).toMatchObject({ deployed: [], kept: ['greet', 'total', 'whoami'] });
    const left = await readdir(directory, { recursive: true });
    expect(left.filter((name) => name.includes('holdfast'))).toEqual([]);
  });

  it.each(['../escaped.ts', '/etc/escaped.ts', 'supabase/functions/../../../escaped.ts'])(
    'refuses a file called %j by its name and writes nothing',
    async (path) => {
      const hostile = await serve(`hostile ${Buffer.from(path).toString('hex')}`);
      await deploy(hostile, 'bad', { 'supabase/functions/bad/index.ts': '', [path]: 'x' });
      const taken = await manifestOf(await backUp({ management: managementOf(hostile) }));
      const directory = join(dir, 'untouched');
      await mkdir(directory, { recursive: true });
      for (const place of [{ directory }, { management: managementOf(await serve('untouched cloud')) }]) {
        const refused = await failureOf(giveBack(place, { manifest: taken }));
        expect(refused).toMatchObject({ code: 'functions.path_refused' });
        expect(refused.message).toContain(JSON.stringify(path).slice(1, -1));
      }
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('never follows a link out of the directory', async () => {
    const directory = join(dir, 'linked');
    await mkdir(join(dir, 'outside'), { recursive: true });
    await mkdir(directory, { recursive: true });
    await symlink(join(dir, 'outside'), join(directory, 'greet'));
    expect(await failureOf(giveBack({ directory }))).toMatchObject({ code: 'functions.path_refused' });
    expect(await readdir(join(dir, 'outside'))).toEqual([]);
    expect(await readdir(directory)).toEqual(['greet']);
  });
});

describe('a functions directory', () => {
  const files = {
    'hello/index.ts': `import { greeting } from '../_shared/greeting.ts';\nDeno.serve(() => new Response(greeting));\n`,
    'hello/.config.json': '{}',
    'hello/.env': '# for mails\nMAIL_KEY="not a real key"\nexport PLAIN=1\n',
    '_shared/greeting.ts': `export const greeting = 'Ahoj';\n`,
    '.env.local': 'ROOT=yes\n',
    'main/index.ts': `console.log('the router');\n`,
  };
  let directory: string;
  let taken: BackupSummary;

  beforeAll(async () => {
    directory = join(dir, 'source');
    await write(directory, files);
    await writeFile(join(dir, 'secret'), 'outside');
    await symlink(join(dir, 'secret'), join(directory, 'hello/leak.txt'));
    await symlink('../_shared/greeting.ts', join(directory, 'hello/inside.ts'));
    await symlink('..', join(directory, 'hello/circle'));
    taken = await backUp({ directory });
  });

  it('is read with its dotfiles and shared files, without values of variables and links that leave it', async () => {
    const entries = await listOf(await manifestOf(taken));
    expect(entries.map(({ slug, files }) => [slug, files?.map(({ path }) => path)])).toEqual([
      [null, ['_shared/greeting.ts']],
      ['hello', ['hello/.config.json', 'hello/index.ts', 'hello/inside.ts']],
      ['main', ['main/index.ts']],
    ]);
    expect(entries.flatMap(({ variables }) => variables.map(({ file, name }) => `${file} ${name}`))).toEqual([
      '.env.local ROOT',
      'hello/.env MAIL_KEY',
      'hello/.env PLAIN',
    ]);
    expect(JSON.stringify(entries)).not.toContain('not a real key');
    const gaps = new Map(taken.coverage.gaps.map(({ code, subjects }) => [code, subjects]));
    expect(gaps.get('function-links')).toEqual(['hello/circle', 'hello/leak.txt']);
    expect(gaps.get('function-variables')).toContain('hello/.env: MAIL_KEY');
  });

  it('is deployed to the platform without its router, with a token asked for', async () => {
    const other = await serve('from a directory');
    const restored = await giveBack({ management: managementOf(other) }, { manifest: await manifestOf(taken) });
    expect(restored).toMatchObject({
      deployed: ['hello'],
      gaps: [{ code: 'functions-router' }, { code: 'functions-verify-jwt', subjects: ['hello'] }],
    });
    expect(await call(other, 'hello', other.anonKey)).toMatch(/^200 .*Ahoj$/);
    expect(await call(other, 'hello')).toMatch(/^401/);
  });

  it('that is not there is an error that says so', async () => {
    const nowhere = { directory: join(dir, 'nowhere') };
    expect(await failureOf(backUp(nowhere))).toMatchObject({ code: 'functions.directory_missing' });
    expect(await failureOf(giveBack(nowhere))).toMatchObject({ code: 'functions.directory_missing' });
  });
});

describe('settings', () => {
  it('are captured without secrets, which are named', async () => {
    const settings = JSON.parse(await readText(repository, manifest, textArtifact(manifest, 'settings'), calm.signal));
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
    const other = await serve('other settings');
    const restored = (apply: boolean) =>
      restoreSettings({
        ...{ repository, manifest, management: managementOf(other), apply, needsAll: apply },
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
    const hostile = await serve('hostile tar');
    await deploy(hostile, 'bad', { 'bad/index.ts': 'good', '../../escaped.ts': 'x' });
    const { backupId } = await backUp({ management: managementOf(hostile) }, managementOf(hostile));
    const output = new PassThrough();
    const files = new Map<string, string>();
    const unpacked = async () => {
      for await (const entry of output.pipe(extract())) {
        const parts: Buffer[] = [];
        for await (const part of entry) parts.push(part as Buffer);
        files.set(entry.header.name, Buffer.concat(parts).toString());
      }
    };
    const written = writeBackupTar({ repository, environmentId: environment.id, backupId }, output, calm);
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
    const entries = await listOf(manifest);
    const chunk = manifest.chunks[entries[0]?.files?.[0]?.pieces[0]?.[0] ?? -1];
    await truncate(join(repository.driver.location, chunkPath('plain', chunk?.id ?? '')), 100);
    for (const level of ['presence', 'content'] as const) {
      const proof = await prove(repository, backup, level);
      expect(proof.verdict).toBe('damaged');
      expect(proof.damaged).toContainEqual({
        artifact: 'functions/greet/supabase/functions/greet/index.ts',
        problem: 'size',
        cost: 'The function greet cannot be restored.',
      });
    }
  });
});
