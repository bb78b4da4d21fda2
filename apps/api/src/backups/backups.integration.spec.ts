import { OPERATION_STEPS, ROLES, type OperationKind } from '@holdfast/contracts';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import type { Backup, Environment, Repository } from '@holdfast/prisma';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type Answer, type RunningApi } from '../api-under-test.ts';
import { GO_ON, scriptedWorker, type ScriptedWorker } from '../operations/scripted-worker.ts';
import { samplesIn, type Samples } from './sample-backups.ts';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let api: RunningApi;
let withoutTemporal: RunningApi;
let samples: Samples;
let repository: Repository;
let token: string;

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  for (const kind of Object.keys(OPERATION_STEPS)) worker.scripts.set(kind, () => GO_ON);
  api = await startApi({ DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address });
  withoutTemporal = await startApi({ DATABASE_URL: plane.url });
  samples = samplesIn(plane.database);
  repository = await samples.repository(true);
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await Promise.all([api?.stop(), withoutTemporal?.stop()]);
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});

const post = (path: string, body: object = {}, headers: Record<string, string> = {}, on = api): Promise<Answer> =>
  on.ask('POST', path, { token, body, headers });
const backUp = async (body: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  post('/api/v1/backup', { environmentId: (await samples.environment()).id, ...body }, headers);
const at = (answer: Answer): string[] => answer.body.errors.map((error: { at: string }) => error.at);
const operation = (id: string) => plane.database.operation.findUniqueOrThrow({ where: { id } });
const inputAtWorker = async (workflowId: string): Promise<unknown> => {
  await expect.poll(() => worker.started.some((started) => started.workflowId === workflowId)).toBe(true);
  return worker.started.find((started) => started.workflowId === workflowId)?.input;
};

describe('202', () => {
  it('records a backup, starts its workflow with references only, and says where progress is', async () => {
    const environment = await samples.environment();
    const answer = await post('/api/v1/backup', {
      environmentId: environment.id,
      tags: ['a', 'a'],
      description: 'why',
    });
    expect(answer.status).toBe(202);
    const { operationId, workflowId } = answer.body;
    expect(answer.headers.get('location')).toBe(`/api/v1/progress/${operationId}`);
    expect(workflowId).toBe(`backup/${environment.name}/${operationId}`);
    const row = await operation(operationId);
    expect(row).toMatchObject({ kind: 'backup', status: 'pending', workflowId, repositoryId: repository.id });
    expect(row.progress).toMatchObject({
      step: null,
      steps: OPERATION_STEPS.backup.map((name) => ({ name, status: 'waiting' })),
    });
    expect(await inputAtWorker(workflowId)).toEqual({
      operationId,
      input: {
        backupId: row.backupId,
        environmentId: environment.id,
        repositoryId: repository.id,
        name: expect.stringMatching(new RegExp(`^${environment.name} \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`)),
        description: 'why',
        tags: ['a'],
        components: ['database'],
        storage: null,
        lockTimeoutSeconds: 30,
      },
    });
    const entry = await plane.database.auditEntry.findFirstOrThrow({ where: { resourceId: operationId } });
    expect(entry).toMatchObject({ action: 'backup.started', environmentId: environment.id, ip: '127.0.0.1' });
    const { name } = row.input as { name: string };
    expect(entry.after).toMatchObject({ name, environmentName: environment.name });
    expect(entry.after).not.toHaveProperty('backupName');
  });

  it('labels the workflow for the Web UI', async () => {
    const { workflowId, operationId } = (await backUp()).body;
    const connection = await Connection.connect({ address: temporal.address });
    try {
      const payloadCodecs = [encryptedPayloadCodec(TEST_MASTER_KEY)];
      const client = new Client({ connection, dataConverter: { payloadCodecs } });
      const { searchAttributes, raw, memo } = await client.workflow.getHandle(workflowId).describe();
      const row = await operation(operationId);
      expect(searchAttributes).toMatchObject({
        EnvironmentId: [row.environmentId],
        OperationKind: ['backup'],
        ActorId: [row.actorId],
      });
      expect(memo).toEqual({ actor: 'The admin', environment: workflowId.split('/')[1] });
      const stored = raw.workflowExecutionInfo?.memo?.fields?.['actor'];
      expect(Buffer.from(stored?.metadata?.['encoding'] ?? []).toString()).toBe('binary/encrypted');
    } finally {
      await connection.close();
    }
  });

  it('starts verification, restore and removal of a backup', async () => {
    const [source, target] = [await samples.environment(), await samples.environment()];
    const { id } = await samples.backup({ environment: source, repository });
    const starts: [Promise<Answer>, OperationKind, Environment][] = [
      [post(`/api/v1/backup/${id}/validate`, { level: 'checksum' }), 'verify', source],
      [post(`/api/v1/backup/${id}/restore`, { environmentId: target.id, dryRun: true }), 'restore', target],
      [api.ask('DELETE', `/api/v1/backup/${id}`, { token }), 'expire', source],
    ];
    for (const [started, kind, environment] of starts) {
      const answer = await started;
      expect(answer.status).toBe(202);
      expect(answer.body.workflowId).toMatch(new RegExp(`^${kind}/${environment.name}/`));
      expect(await operation(answer.body.operationId)).toMatchObject({
        kind,
        environmentId: environment.id,
        backupId: id,
        dryRun: kind === 'restore',
      });
      const entry = await plane.database.auditEntry.findFirstOrThrow({
        where: { resourceId: answer.body.operationId },
      });
      const after = { backupId: id, backupName: 'nightly', environmentName: environment.name };
      expect(entry).toMatchObject({ action: `${kind}.started`, environmentId: environment.id, after });
    }
    const restored = (await starts[1]?.[0])?.body.workflowId as string;
    expect(await inputAtWorker(restored)).toMatchObject({
      input: {
        sourceEnvironmentId: source.id,
        environmentId: target.id,
        newDatabase: null,
        tables: [],
        content: 'all',
      },
    });
  });

  it('answers the same operation for the same Idempotency-Key, also when both come at once', async () => {
    const { id: environmentId } = await samples.environment();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const answers = await Promise.all([1, 2, 3].map(() => post('/api/v1/backup', { environmentId }, headers)));
    const later = await post('/api/v1/backup', { environmentId }, headers);
    expect([...answers, later].map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(new Set([...answers, later].map(({ body }) => body.operationId)).size).toBe(1);
    expect(await plane.database.operation.count({ where: { environmentId } })).toBe(1);
  });
});

describe('200', () => {
  const taken = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minute));
  let environment: Environment;
  let rows: Backup[];

  beforeAll(async () => {
    environment = await samples.environment('shop_eu');
    const of = { environment, repository };
    rows = [];
    for (const [index, name] of ['alpha', 'Beta release', 'gamma', 'delta', 'epsilon'].entries()) {
      rows.push(
        await samples.backup(of, {
          name,
          description: index === 2 ? 'before the RELEASE 100%' : '',
          tags: index % 2 === 0 ? ['Even 50%', 'all'] : ['all'],
          sizeBytes: BigInt(index < 2 ? 500 : index * 1_000),
          status: index === 4 ? 'damaged' : 'complete',
          ...(index < 2 ? { provenAt: taken(9), verifiedLevel: 'presence', verification: { verdict: 'proven' } } : {}),
          ...(index === 1 ? { verification: { verdict: 'different' } } : {}),
          takenAt: taken(index),
        }),
      );
    }
  });

  const names = async (query: string): Promise<string[]> => {
    const answer = await api.ask('GET', `/api/v1/backup?environmentId=${environment.id}&${query}`, { token });
    expect(answer.status).toBe(200);
    return answer.body.items.map((item: { name: string }) => item.name);
  };

  it.each([
    ['', ['epsilon', 'delta', 'gamma', 'Beta release', 'alpha']],
    ['search=release', ['gamma', 'Beta release']],
    ['search=100%25', ['gamma']],
    ['search=VEN%2050%25', ['epsilon', 'gamma', 'alpha']],
    ['search=alp%20SHOP_e%20%20all', ['alpha']],
    ['search=l%25', []],
    ['search=_', ['epsilon', 'delta', 'gamma', 'Beta release', 'alpha']],
    ['search=shop__u', []],
    ['search=50%25all', []],
    ['tags=Even%2050%25&tags=all', ['epsilon', 'gamma', 'alpha']],
    ['tags=Even%2050%25&tags=other', []],
    ['proof=proven', ['alpha']],
    ['proof=damaged', ['epsilon', 'Beta release']],
    ['proof=unproven&proof=proven', ['delta', 'gamma', 'alpha']],
    ['minSize=500&maxSize=2000', ['gamma', 'Beta release', 'alpha']],
    ['status=damaged', ['epsilon']],
    ['status=damaged&status=complete&limit=1', ['epsilon']],
    ['kind=full&components=database&search=alp', ['alpha']],
    ['kind=incremental', []],
    ['takenAfter=2026-01-01T00:01:00Z&takenBefore=2026-01-01T01:03:00%2B01:00', ['gamma', 'Beta release']],
    ['sort=takenAt&limit=2', ['alpha', 'Beta release']],
  ])('finds by %s', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  it.each(['-takenAt', 'takenAt', 'name', '-name', 'sizeBytes', '-sizeBytes', 'storedBytes', '-storedBytes'])(
    'pages by %s over every row once, equal values too',
    async (sort) => {
      const seen: string[] = [];
      let cursor = '';
      do {
        const query = `environmentId=${environment.id}&sort=${sort}&limit=2${cursor && `&cursor=${cursor}`}`;
        const { body } = await api.ask('GET', `/api/v1/backup?${query}`, { token });
        seen.push(...body.items.map((item: { id: string }) => item.id));
        cursor = body.nextCursor ?? '';
      } while (cursor);
      expect(seen.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
      expect(seen).toHaveLength(5);
    },
  );

  it('reads one anew for whoever has it already: its proof changes without its version', async () => {
    const { id } = await samples.backup({ environment: await samples.environment(), repository });
    const read = () => api.ask('GET', `/api/v1/backup/${id}`, { token, headers: { 'if-none-match': '"1"' } });
    expect((await read()).headers.get('cache-control')).toBe('no-store');
    await plane.database.backup.update({ where: { id }, data: { provenAt: taken(9) } });
    expect(await read()).toMatchObject({ status: 200, body: { version: 1, provenAt: taken(9).toISOString() } });
  });

  it('shows one with its coverage, and changes what people write on it', async () => {
    const { id } = await samples.backup({ environment: await samples.environment(), repository });
    const read = await api.ask('GET', `/api/v1/backup/${id}`, { token });
    expect(read).toMatchObject({ status: 200, body: { rows: 7, coverage: { included: ['app'] }, verification: null } });
    const headers = { 'if-match': read.headers.get('etag') ?? '' };
    const body = { name: 'renamed', tags: ['x', 'x'], description: 'why' };
    const changed = await api.ask('PATCH', `/api/v1/backup/${id}`, { token, headers, body });
    expect(changed).toMatchObject({ status: 200, body: { ...body, tags: ['x'], version: 2 } });
    const again = await api.ask('PATCH', `/api/v1/backup/${id}`, { token, headers, body });
    expect(again).toMatchObject({ status: 412, body: { code: 'request.if_match_failed' } });
    const entry = await plane.database.auditEntry.findFirstOrThrow({ where: { resourceId: id } });
    expect(entry).toMatchObject({ action: 'backup.updated', before: { name: 'nightly' }, after: { name: 'renamed' } });
  });

  it('says how far a backup was proven, and whether a verification runs', async () => {
    const { id } = await samples.backup({ environment: await samples.environment(), repository });
    const status = async () => (await api.ask('GET', `/api/v1/backup/${id}/validation-status`, { token })).body;
    expect(await status()).toMatchObject({ status: 'never', verifiedAt: null, result: null, operation: null });
    const { operationId } = (await post(`/api/v1/backup/${id}/validate`)).body;
    expect(await status()).toMatchObject({ status: 'running', operation: { id: operationId } });
    await plane.database.operation.update({ where: { id: operationId }, data: { status: 'completed' } });
    const verification = {
      ...{ level: 'restore', verdict: 'proven-with-gaps', damaged: [], damagedCount: 0, differences: [] },
      ...{ differenceCount: 0, gaps: [], artifacts: 9, bytes: 10, tables: 3, rows: 7, seconds: 1.5 },
    };
    await plane.database.backup.update({
      where: { id },
      data: { verifiedLevel: 'restore', verifiedAt: new Date(), verification },
    });
    expect(await status()).toMatchObject({
      status: 'proven-with-gaps',
      verifiedLevel: 'restore',
      result: verification,
    });
  });
});

describe('400', () => {
  it('names every bad field of a request and of a search', async () => {
    expect(
      at(await post('/api/v1/backup', { environmentId: 'x', tags: 'a', lockTimeoutSeconds: 0, extra: 1 })).toSorted(),
    ).toEqual(['environmentId', 'extra', 'lockTimeoutSeconds', 'tags']);
    const words = `search=${'a+'.repeat(11)}`;
    const search = await api.ask('GET', `/api/v1/backup?limit=0&sort=rows&takenAfter=x&what=1&${words}`, { token });
    expect(at(search).toSorted()).toEqual(['limit', 'search', 'sort', 'takenAfter', 'what']);
    const cursor = Buffer.from(JSON.stringify({ sort: 'sizeBytes', value: 'x', id: crypto.randomUUID() }));
    const page = `/api/v1/backup?sort=sizeBytes&cursor=${cursor.toString('base64url')}`;
    expect(at(await api.ask('GET', page, { token }))).toEqual(['cursor']);
    expect(at(await backUp({}, { 'idempotency-key': 'with space' }))).toEqual(['Idempotency-Key']);
  });

  it('wants a repository where none is the default', async () => {
    await plane.database.repository.update({ where: { id: repository.id }, data: { isDefault: false } });
    expect(at(await backUp())).toEqual(['repositoryId']);
    expect((await backUp({ repositoryId: repository.id })).status).toBe(202);
    await plane.database.repository.update({ where: { id: repository.id }, data: { isDefault: true } });
  });
});

describe('403', () => {
  it('follows the roles', async () => {
    const { id } = await samples.backup({ environment: await samples.environment(), repository });
    for (const role of ROLES) {
      const as = { token: (await accountOf(plane.database, role)).token, body: { environmentId: 'x' } };
      const asked = await Promise.all([
        api.ask('GET', `/api/v1/backup/${id}`, { token: as.token }),
        api.ask('POST', '/api/v1/backup', as),
        api.ask('POST', `/api/v1/backup/${id}/restore`, as),
        api.ask('PATCH', `/api/v1/backup/${id}`, { ...as, headers: { 'if-match': '*' } }),
      ]);
      const rank = ROLES.indexOf(role);
      expect(asked.map(({ status }) => status)).toEqual([
        200,
        rank > 0 ? 400 : 403,
        rank > 1 ? 400 : 403,
        rank > 0 ? 400 : 403,
      ]);
      const removal = await api.ask('DELETE', `/api/v1/backup/${crypto.randomUUID()}`, { token: as.token });
      expect(removal.status).toBe(rank > 1 ? 404 : 403);
    }
  });
});

describe('404', () => {
  it('knows no backup, environment or repository of a made-up id, and says which', async () => {
    const id = crypto.randomUUID();
    for (const path of ['', '/validation-status', '/download']) {
      expect((await api.ask('GET', `/api/v1/backup/${id}${path}`, { token })).body.code).toBe('resource.not_found');
    }
    expect(await post('/api/v1/backup', { environmentId: id })).toMatchObject({
      status: 404,
      body: { errors: [{ at: 'environmentId' }] },
    });
    expect(await backUp({ repositoryId: id })).toMatchObject({
      status: 404,
      body: { errors: [{ at: 'repositoryId' }] },
    });
    const { id: backupId } = await samples.backup({ environment: await samples.environment(), repository });
    expect((await post(`/api/v1/backup/${backupId}/restore`, { environmentId: id })).status).toBe(404);
  });
});

describe('409', () => {
  it('names who holds the environment; of many at once, one starts', async () => {
    const environment = await samples.environment();
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => post('/api/v1/backup', { environmentId: environment.id })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409]);
    const holder = answers.find(({ status }) => status === 202)?.body.operationId as string;
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      code: 'operation.environment_busy',
      detail: expect.stringContaining('The admin'),
      hint: expect.stringContaining(holder),
    });
    const { id } = await samples.backup({ environment, repository });
    expect((await post(`/api/v1/backup/${id}/restore`)).status).toBe(409);
    expect((await post(`/api/v1/backup/${id}/validate`)).status).toBe(202);
  });

  it('neither proves, gives back nor sends a backup that is being removed, and removes it once', async () => {
    const environment = await samples.environment();
    const { id } = await samples.backup({ environment, repository }, { status: 'expiring' });
    for (const verb of ['validate', 'restore']) {
      expect(await post(`/api/v1/backup/${id}/${verb}`)).toMatchObject({
        status: 409,
        body: { code: 'resource.in_use' },
      });
    }
    expect((await api.ask('GET', `/api/v1/backup/${id}/download`, { token })).status).toBe(409);
    expect((await api.ask('DELETE', `/api/v1/backup/${id}`, { token })).status).toBe(202);
    expect((await api.ask('DELETE', `/api/v1/backup/${id}`, { token })).body.code).toBe('resource.in_use');
  });
});

describe('422', () => {
  it('refuses an Idempotency-Key that was used for another request', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    expect((await backUp({}, headers)).status).toBe(202);
    expect(await backUp({}, headers)).toMatchObject({ status: 422, body: { code: 'request.idempotency_reused' } });
  });
});

describe('503', () => {
  it('comes within 3 s while Temporal is away; the operation is on record as failed, and its key is free', async () => {
    const { id: environmentId } = await samples.environment();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const start = performance.now();
    const answer = await post('/api/v1/backup', { environmentId }, headers, withoutTemporal);
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(answer).toMatchObject({ status: 503, body: { code: 'temporal.unavailable' } });
    expect(answer.headers.get('retry-after')).toBeTruthy();
    const [row] = await plane.database.operation.findMany({ where: { environmentId }, include: { events: true } });
    expect(row).toMatchObject({ status: 'failed', errorCode: 'temporal.unavailable', events: [{ type: 'failed' }] });
    const again = await post('/api/v1/backup', { environmentId }, headers);
    expect(again.status).toBe(202);
    expect(again.body.operationId).not.toBe(row?.id);
  });
});
