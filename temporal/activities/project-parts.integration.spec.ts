import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OPERATION_STEPS } from '@holdfast/contracts';
import type { OperationKind, OperationTypes } from '@holdfast/contracts';
import { sealSecret } from '@holdfast/crypto';
import { defaultToolsDir } from '@holdfast/engine/embedded';
import { makeTempDir, throwawayControlPlane, throwawayPostgres } from '@holdfast/testing';
import { createProjectDatabase, fillProject, startProjectServer, type ProjectServer } from '@holdfast/testing/supabase';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAKE_INPUTS } from '../fake-results.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createActivities } from './index.ts';
import { asJson } from './json.ts';

let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let postgres: Awaited<ReturnType<typeof throwawayPostgres>>;
let dependencies: ActivityDependencies;
let dir: string;
let cloud: ProjectServer;
let selfHosted: ProjectServer;
let backupId: string;
const [cloudId, selfHostedId, repositoryId] = [randomUUID(), randomUUID(), randomUUID()];
const masterKey = randomBytes(32);

async function register(id: string, name: string, kind: 'supabase_cloud' | 'supabase_selfhosted', more: object) {
  const target = await postgres.createDatabase(name);
  await createProjectDatabase(target);
  const { host, port, database, user, password } = target;
  await plane.database.environment.create({
    data: {
      ...{ id, name, kind, host, port, database, username: user, tlsMode: 'disable', color: 'teal', production: false },
      ...{ sealedPassword: sealSecret(masterKey, password, `environment:${id}`), ...more },
    },
  });
  return target;
}

/** Runs an operation's activity as its workflow does; answers with the result and the steps that it told. */
async function run<K extends 'backup' | 'restore'>(kind: K, input: OperationTypes[K]['input'], id = randomUUID()) {
  const steps = OPERATION_STEPS[kind as OperationKind].map((name) => ({ name, status: 'waiting' }));
  const row = await plane.database.operation.findUnique({ where: { id } });
  await (row ??
    plane.database.operation.create({
      data: {
        ...{ id, kind, environmentId: input.environmentId, actorId: randomUUID(), actorName: 'Ada', workflowId: id },
        ...{ status: 'running', input: asJson(input), progress: asJson({ steps }) },
      },
    }));
  const { runBackup, runRestore } = createActivities(dependencies);
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const work = kind === 'backup' ? runBackup : runRestore;
  const result = await environment.run(() => work({ operationId: id, input } as never));
  const events = await plane.database.operationEvent.findMany({ where: { operationId: id }, orderBy: { id: 'asc' } });
  return { result: result as OperationTypes[K]['output'], steps: events.map(({ step }) => step) };
}

const restoreInput = (more: Partial<OperationTypes['restore']['input']> = {}) => ({
  ...{ ...FAKE_INPUTS.restore, backupId, sourceEnvironmentId: cloudId, repositoryId, environmentId: selfHostedId },
  ...{ newDatabase: null, schemas: [], tables: [], content: 'all' as const, dryRun: false, overwrite: true },
  ...{ confirm: 'self-hosted', quarantine: false, safetyBackup: null, ...more },
});

async function answersOf({ url, tokens }: ProjectServer): Promise<string[]> {
  const authorization = `Bearer ${await tokens.sign({ sub: 'somebody', role: 'authenticated' }, 60)}`;
  const call = async (slug: string) => {
    const answer = await fetch(`${url}/functions/v1/${slug}`, { headers: { authorization } });
    return `${slug} ${answer.status} ${await answer.text()}`;
  };
  return [await call('greet'), await call('whoami'), await call('total')];
}

beforeAll(async () => {
  [plane, postgres] = await Promise.all([throwawayControlPlane(), throwawayPostgres(17)]);
  dir = await makeTempDir('project-parts');
  const directory = join(dir, 'roots', 'functions');
  await mkdir(directory, { recursive: true });
  dependencies = {
    ...{ database: plane.database, masterKey, toolsDir: defaultToolsDir(), parallel: 2 },
    ...{ functionsRoots: [join(dir, 'roots')], scratch: null as never, allowance: 'loopback' },
  };
  const accessToken = `sbp_${randomBytes(20).toString('hex')}`;
  const ref = 'abcdefghijklmnopqrst';
  const target = await register(cloudId, 'cloud', 'supabase_cloud', { projectRef: ref });
  const serverOf = { target, dir: join(dir, 'cloud'), ref, managementToken: accessToken };
  cloud = await startProjectServer(serverOf);
  await plane.database.environment.update({
    where: { id: cloudId },
    data: {
      managementUrl: cloud.url,
      sealedAccessToken: sealSecret(masterKey, accessToken, `environment:${cloudId}:access-token`),
    },
  });
  const other = await register(selfHostedId, 'self-hosted', 'supabase_selfhosted', { functionsDirectory: directory });
  selfHosted = await startProjectServer({ target: other, dir: join(dir, 'self'), functionsDirectory: directory });
  await fillProject({ server: cloud, target, users: 3, objects: 3, bigObjectBytes: 0, bcryptCost: 4 });
  const { attachRepository } = createActivities(dependencies);
  await plane.database.repository.create({
    data: { id: repositoryId, name: 'main', driver: 'local', path: join(dir, 'repository') },
  });
  await new MockActivityEnvironment().run(() => attachRepository({ repositoryId }));
});
afterAll(async () => {
  await Promise.all([cloud?.stop(), selfHosted?.stop()]);
  await Promise.all([plane?.stop(), postgres?.stop()]);
  await rm(dir, { recursive: true });
});

const backupInput = (components: OperationTypes['backup']['input']['components'], environmentId = cloudId) => ({
  ...{ ...FAKE_INPUTS.backup, backupId: randomUUID(), environmentId, repositoryId, components },
});

it('a repository is registered once, whatever the path that leads to it', async () => {
  const { attachRepository } = createActivities(dependencies);
  await symlink(join(dir, 'repository'), join(dir, 'the same'));
  const twin = { id: randomUUID(), name: 'twin', driver: 'local', path: join(dir, 'the same') } as const;
  await plane.database.repository.create({ data: twin });
  const attached = new MockActivityEnvironment().run(() => attachRepository({ repositoryId: twin.id }));
  await expect(attached).rejects.toThrow(/holds the repository that is registered as main/);
  expect(await plane.database.repository.findUnique({ where: { id: twin.id } })).toMatchObject({ repositoryUid: null });
  await plane.database.repository.delete({ where: { id: twin.id } });
});

describe('a cloud project', () => {
  it('is backed up with its functions and settings, each in a step of its own', async () => {
    const input = backupInput(['database', 'functions', 'settings']);
    ({ backupId } = input);
    const { result, steps } = await run('backup', input);
    expect(result).toMatchObject({ functions: 3 });
    expect(result.coverage.included).toEqual(expect.arrayContaining(['functions', 'settings']));
    // storage is not reached
    expect(steps).toEqual(OPERATION_STEPS.backup.filter((step) => step !== 'storage'));
  });

  it('shows what a restore into a self-hosted one would do, and changes nothing', async () => {
    const { result } = await run('restore', restoreInput({ dryRun: true }));
    expect(result.functions).toEqual({ deployed: ['greet', 'total', 'whoami'], kept: [] });
    expect(result.findings).toContainEqual(expect.objectContaining({ code: 'restore.settings_left_out' }));
    expect(await readdir(join(dir, 'roots', 'functions'))).toEqual([]);
  });

  it('comes back in a self-hosted one, whose functions answer as before', async () => {
    const { result, steps } = await run('restore', restoreInput());
    expect(result).toMatchObject({ tables: expect.any(Number), functions: { deployed: ['greet', 'total', 'whoami'] } });
    expect(steps).toContain('functions');
    expect(await answersOf(selfHosted)).toEqual(await answersOf(cloud));
    const again = await run('restore', restoreInput({ functions: ['greet'], schemas: ['supabase_migrations'] }));
    expect(again.result.functions).toEqual({ deployed: [], kept: ['greet'] });
  });

  it('is compared with its own settings, which are changed only when asked for', async () => {
    const patch = { method: 'PATCH', body: '{"site_url":"https://moved.example"}' };
    const headers = { authorization: `Bearer ${cloud.managementToken}` };
    const config = `${cloud.url}/v1/projects/${cloud.ref}/config/auth`;
    await fetch(config, { ...patch, headers });
    const back = { environmentId: cloudId, confirm: null, schemas: ['supabase_migrations'] };
    const looked = await run('restore', restoreInput({ ...back, applySettings: true, dryRun: true }));
    expect(looked.result.settings).toMatchObject({ applied: [], differences: [{ subject: 'auth.site_url' }] });
    const { result } = await run('restore', restoreInput({ ...back, applySettings: true }));
    expect(result.settings).toEqual({ applied: ['auth.site_url'], differences: [], differenceCount: 0 });
    expect(await (await fetch(config, { headers })).json()).toMatchObject({ site_url: 'https://shop.example' });
  });
});

describe('what comes after the database', () => {
  it('and fails says that the database is restored; the next attempt says so too', async () => {
    const denied = { match: /\/functions\/deploy/, times: 2, status: 403 };
    cloud.faults.plan(denied);
    const input = restoreInput({ environmentId: cloudId, components: ['database', 'functions'], confirm: null });
    const authorization = `Bearer ${cloud.managementToken}`;
    const path = `${cloud.url}/v1/projects/${cloud.ref}/functions/greet`;
    await fetch(path, { method: 'PATCH', headers: { authorization }, body: '{"verify_jwt":true}' });
    const told = {
      ...{ type: 'management.refused', message: expect.stringMatching(/^The database is restored, its functions/) },
      details: [expect.stringMatching(/What cloud held before is kept as cloud_before_\w+\./)],
    };
    const id = randomUUID();
    await expect(run('restore', input, id)).rejects.toMatchObject(told);
    cloud.faults.plan({ match: /GET .*\/functions$/, times: 1, status: 403 });
    await expect(run('restore', input, id)).rejects.toMatchObject(told);
    expect((await run('restore', input, id)).result).toMatchObject({ functions: { deployed: ['greet'] } });
  });
});

describe('what has no place', () => {
  it('is refused before anything is touched where it was asked for by name', async () => {
    const asked = run('restore', restoreInput({ applySettings: true }));
    await expect(asked).rejects.toMatchObject({ type: 'restore.preflight_failed', nonRetryable: true });
    const backup = run('backup', backupInput(['database', 'settings'], selfHostedId));
    await expect(backup).rejects.toMatchObject({
      type: 'backup.component_unavailable',
      message: 'self-hosted cannot give: settings',
    });
  });

  it('is a functions directory that a link leads out of the roots with', async () => {
    const link = join(dir, 'roots', 'link');
    await mkdir(join(dir, 'elsewhere'), { recursive: true });
    await symlink(join(dir, 'elsewhere'), link);
    await plane.database.environment.update({ where: { id: selfHostedId }, data: { functionsDirectory: link } });
    const backup = run('backup', backupInput(['database', 'functions'], selfHostedId));
    await expect(backup).rejects.toMatchObject({ type: 'repository.path_refused' });
    const asked = run('restore', restoreInput({ components: ['database', 'functions'] }));
    await expect(asked).rejects.toMatchObject({ type: 'repository.path_refused' });
    const { result } = await run('restore', restoreInput({ tables: ['supabase_migrations.schema_migrations'] }));
    expect(result.findings.map(({ code }) => code)).not.toContain('repository.path_refused');
    expect((await run('restore', restoreInput())).result.findings).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'repository.path_refused' }),
    );
  });
});
