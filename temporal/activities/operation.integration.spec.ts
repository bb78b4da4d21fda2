import { randomUUID } from 'node:crypto';
import { OPERATION_STEPS, OperationError, workflowId } from '@holdfast/contracts';
import type { OperationKind, Progress, VerificationResult } from '@holdfast/contracts';
import { throwawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FAKE_INPUTS, FAKE_RESULTS } from '../fake-results.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { asJson } from './json.ts';
import { beginOperation, finishOperation } from './operation.activities.ts';
import type { LeaseRequest } from './signatures.ts';
import { parentBackup } from './parent-backup.ts';
import { isProvenByTrial } from './sources.ts';

let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let dependencies: Pick<ActivityDependencies, 'database'>;
const environmentId = randomUUID();
const repositoryId = randomUUID();

beforeAll(async () => {
  plane = await throwawayControlPlane();
  dependencies = { database: plane.database };
  const environment = { id: environmentId, name: 'shop', kind: 'postgres', host: 'db.invalid', port: 5432 } as const;
  const sign = { database: 'shop', username: 'app', sealedPassword: 'v1.x', tlsMode: 'disable' } as const;
  await plane.database.environment.create({ data: { ...environment, ...sign, color: 'teal', production: false } });
  await plane.database.repository.create({ data: { id: repositoryId, name: 'main', driver: 'local', path: '/x' } });
});

afterAll(() => plane.stop());

/** A pending operation as the API writes it; returns its id. */
async function pending(
  kind: OperationKind,
  backupId: string = randomUUID(),
  more: { repositoryId?: string } = {},
): Promise<string> {
  const id = randomUUID();
  const progress: Progress = {
    steps: OPERATION_STEPS[kind].map((name) => ({ name, status: 'waiting' })),
    ...{ step: null, done: 0, total: null, unit: 'bytes', bytes: 0, rows: 0, rate: null, etaSeconds: null },
  };
  const input = { ...FAKE_INPUTS[kind], backupId, environmentId, repositoryId, ...more };
  await plane.database.operation.create({
    data: {
      ...{ id, kind, environmentId, repositoryId, backupId, actorId: randomUUID(), actorName: 'Ada', ...more },
      ...{ input: asJson(input), workflowId: workflowId(kind, 'shop', id), progress: asJson(progress) },
    },
  });
  return id;
}

const exclusive = (resource: string): LeaseRequest => ({ resource, mode: 'exclusive' });
const shared = (resource: string): LeaseRequest => ({ resource, mode: 'shared' });
const begin = (operationId: string, ...leases: LeaseRequest[]) => beginOperation(dependencies, { operationId, leases });
const read = (id: string) =>
  plane.database.operation.findUniqueOrThrow({
    where: { id },
    include: { leases: true, events: { orderBy: { id: 'asc' } } },
  });
const refusal = async (work: Promise<void>): Promise<OperationError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OperationError)) throw new Error('it was not refused');
  return error;
};

describe('beginning', () => {
  it('takes the leases and sets the row running, once', async () => {
    const id = await pending('backup');
    const resources = [exclusive(`environment:${id}`), shared(`repository:${id}`)];
    await begin(id, ...resources);
    await begin(id, ...resources);
    const row = await read(id);
    expect(row).toMatchObject({ status: 'running', sequence: 1 });
    expect(row.startedAt).toBeInstanceOf(Date);
    expect(row.leases).toHaveLength(2);
    expect(row.events.map(({ type }) => type)).toEqual(['began']);
  });

  it('names who holds an environment, and takes nothing', async () => {
    const [holder, late] = [await pending('restore'), await pending('backup')];
    const [environment, repository] = [`environment:${randomUUID()}`, `repository:${randomUUID()}`];
    await begin(holder, exclusive(environment));
    const error = await refusal(begin(late, shared(repository), exclusive(environment)));
    expect(error).toMatchObject({ code: 'operation.environment_busy', retryable: false });
    expect(error.message).toContain(holder);
    expect(error.hint).toContain('Ada');
    expect(await read(late)).toMatchObject({ status: 'pending', leases: [], events: [] });
  });

  it('lets many share a repository and nobody have it alone meanwhile', async () => {
    const repository = `repository:${randomUUID()}`;
    const [first, second, alone] = [await pending('verify'), await pending('backup'), await pending('expire')];
    await begin(first, shared(repository));
    await begin(second, shared(repository));
    expect(await refusal(begin(alone, exclusive(repository)))).toMatchObject({ code: 'operation.repository_busy' });
    for (const id of [first, second]) await cancel(id, 'verify');
    await begin(alone, exclusive(repository));
    const late = await pending('verify');
    const busy = { code: 'operation.repository_busy', retryable: true };
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await refusal(begin(late, shared(repository)))).toMatchObject(busy);
    }
    const waiting = { type: 'waiting', message: `Waits: Operation ${alone} (expire) holds the repository` };
    expect(await read(late)).toMatchObject({ status: 'pending', sequence: 1, leases: [], events: [waiting] });
  });

  it('lets exactly one of twenty at once have an environment', async () => {
    const environment = `environment:${randomUUID()}`;
    const repository = `repository:${randomUUID()}`;
    const ids = await Promise.all(Array.from({ length: 20 }, () => pending('backup')));
    // Half of them ask in the other order: they must not wait for each other for ever.
    const results = await Promise.allSettled(
      ids.map((id, index) => {
        const wanted = [exclusive(environment), shared(repository)];
        return begin(id, ...(index % 2 === 0 ? wanted : wanted.toReversed()));
      }),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await plane.database.lease.count({ where: { resource: environment } })).toBe(1);
  });

  it('refuses a row that has ended, and one that is not there', async () => {
    const id = await pending('verify');
    await cancel(id, 'verify');
    expect(await refusal(begin(id))).toMatchObject({ code: 'operation.already_ended', retryable: false });
    expect(await refusal(begin(randomUUID()))).toMatchObject({ code: 'resource.not_found' });
  });
});

const cancel = (operationId: string, kind: OperationKind) =>
  finishOperation(dependencies, { operationId, kind, outcome: { status: 'cancelled', message: 'Cancelled' } });

async function backedUp(): Promise<{ operationId: string; backupId: string }> {
  const backupId = randomUUID();
  const operationId = await pending('backup', backupId);
  await begin(operationId, exclusive(`environment:${operationId}`));
  const result = { ...FAKE_RESULTS.backup, backupId };
  await finishOperation(dependencies, { operationId, kind: 'backup', outcome: { status: 'completed', result } });
  return { operationId, backupId };
}

async function verified(backupId: string, over: Partial<VerificationResult>, more: { repositoryId?: string } = {}) {
  const operationId = await pending('verify', backupId, more);
  await begin(operationId);
  const result = { ...FAKE_RESULTS.verify, ...over };
  await finishOperation(dependencies, { operationId, kind: 'verify', outcome: { status: 'completed', result } });
  return plane.database.backup.findUniqueOrThrow({ where: { id: backupId } });
}

describe('finishing', () => {
  it('records a backup with its catalog row and frees the leases', async () => {
    const { operationId, backupId } = await backedUp();
    const row = await read(operationId);
    expect(row).toMatchObject({ status: 'completed', leases: [], errorCode: null });
    expect(row.result).toMatchObject({ backupId, rows: 1_200 });
    expect(row.result).not.toHaveProperty('manifestSha256');
    expect(row.events.map(({ type }) => type)).toEqual(['began', 'completed']);
    expect(await plane.database.backup.findUnique({ where: { id: backupId } })).toMatchObject({
      ...{ operationId, environmentId, repositoryId, name: 'nightly', tags: ['nightly'], status: 'complete' },
      ...{ rows: 1_200n, sizeBytes: 90_000n, takenAt: new Date('2026-01-01T00:00:00.000Z'), verifiedLevel: null },
    });
  });

  it('changes nothing the second time, whatever it says', async () => {
    const { operationId, backupId } = await backedUp();
    const before = await read(operationId);
    const failed = { status: 'failed', code: 'repository.full', message: 'late', hint: null } as const;
    await finishOperation(dependencies, { operationId, kind: 'backup', outcome: failed });
    await cancel(operationId, 'backup');
    expect(await read(operationId)).toEqual(before);
    expect(await plane.database.backup.count({ where: { id: backupId } })).toBe(1);
  });

  it('records a failure with its code and lists no backup', async () => {
    const backupId = randomUUID();
    const operationId = await pending('backup', backupId);
    await begin(operationId, exclusive(`environment:${operationId}`));
    const outcome = {
      status: 'failed',
      code: 'repository.full',
      message: 'The disk is full',
      hint: 'Make room.',
    } as const;
    await finishOperation(dependencies, { operationId, kind: 'backup', outcome });
    const row = await read(operationId);
    expect(row).toMatchObject({ status: 'failed', errorCode: 'repository.full', errorMessage: 'The disk is full' });
    expect(row).toMatchObject({ errorHint: 'Make room.', leases: [], result: null });
    expect(row.finishedAt).toBeInstanceOf(Date);
    expect(await plane.database.backup.count({ where: { id: backupId } })).toBe(0);
  });

  it('ends the steps and raises the sequence', async () => {
    const operationId = await pending('expire');
    await begin(operationId);
    const before = await read(operationId);
    await cancel(operationId, 'expire');
    const after = await read(operationId);
    const progress = after.progress as unknown as Progress;
    expect(after).toMatchObject({ status: 'cancelled', errorCode: 'operation.cancelled' });
    expect(after.sequence).toBeGreaterThan(before.sequence);
    expect(progress.steps.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(progress).toMatchObject({ step: null, etaSeconds: null });
  });

  it('ends one that never began', async () => {
    const operationId = await pending('backup');
    const outcome = { status: 'failed', code: 'operation.environment_busy', message: 'held', hint: null } as const;
    await finishOperation(dependencies, { operationId, kind: 'backup', outcome });
    expect(await read(operationId)).toMatchObject({ status: 'failed', startedAt: null });
  });
});

describe('a verification', () => {
  it('is kept with its backup', async () => {
    const { backupId } = await backedUp();
    expect(await verified(backupId, {})).toMatchObject({
      status: 'complete',
      verifiedLevel: 'restore',
      verification: { verdict: 'proven' },
    });
  });

  it('that finds damage marks the backup, and one that looks as deep clears it', async () => {
    const { backupId } = await backedUp();
    const damaged = await verified(backupId, { level: 'content', verdict: 'damaged', damagedCount: 1 });
    expect(damaged).toMatchObject({ status: 'damaged', verifiedLevel: 'content' });
    const shallower = await verified(backupId, { level: 'presence', verdict: 'proven' });
    expect(shallower).toMatchObject({ status: 'damaged', verifiedLevel: 'content' });
    const asDeep = await verified(backupId, { level: 'content', verdict: 'proven-with-gaps' });
    expect(asDeep).toMatchObject({ status: 'complete', verifiedLevel: 'content' });
  });

  it('that finds damage without looking as deep does not let the next one like it clear what was found deeper', async () => {
    const { backupId } = await backedUp();
    await verified(backupId, { level: 'content', verdict: 'damaged', damagedCount: 1 });
    const unmounted = await verified(backupId, { level: 'presence', verdict: 'damaged', damagedCount: 9 });
    const damaged = { status: 'damaged', verifiedLevel: 'content' };
    expect(unmounted).toMatchObject({ ...damaged, verification: { damagedCount: 9 } });
    expect(await verified(backupId, { level: 'presence', verdict: 'proven' })).toMatchObject(damaged);
  });

  it('whose trial restore differs says so and leaves the status, and one that looks less deep hides nothing', async () => {
    const { backupId } = await backedUp();
    const different = { status: 'complete', verifiedLevel: 'restore', verification: { verdict: 'different' } };
    expect(await verified(backupId, { verdict: 'different', differenceCount: 1 })).toMatchObject(different);
    expect(await verified(backupId, { level: 'content' })).toMatchObject(different);
  });

  it('by a trial restore is a proof, which only a later finding takes away', async () => {
    const { backupId } = await backedUp();
    const none = { provenAt: null, provenSeconds: null };
    expect(await verified(backupId, { level: 'content' })).toMatchObject(none);
    const proof = await verified(backupId, { verdict: 'proven-with-gaps', seconds: 12.5 });
    expect(proof).toMatchObject({ provenAt: proof.verifiedAt, provenSeconds: 12.5 });
    const shallower = await verified(backupId, { level: 'presence' });
    expect(shallower).toMatchObject({ verifiedLevel: 'presence', provenAt: proof.provenAt, provenSeconds: 12.5 });
    expect(await verified(backupId, { level: 'presence', verdict: 'damaged' })).toMatchObject(none);
  });

  it.each([
    ['restore', 'proven', true],
    ['restore', 'proven-with-gaps', false],
    ['restore', 'different', false],
    ['content', 'proven', false],
  ] as const)('at level %s that finds it %s is a proof by trial: %s', async (level, verdict, proof) => {
    const { backupId } = await backedUp();
    await verified(backupId, { level, verdict });
    expect(await isProvenByTrial(dependencies, backupId)).toBe(proof);
  });

  it('of a backup that is gone is still recorded', async () => {
    const operationId = await pending('verify');
    await begin(operationId);
    const outcome = { status: 'completed', result: FAKE_RESULTS.verify } as const;
    await finishOperation(dependencies, { operationId, kind: 'verify', outcome });
    expect(await read(operationId)).toMatchObject({ status: 'completed' });
  });
});

describe('the backup that storage objects are taken over from', () => {
  let place: { environmentId: string; repositoryId: string };
  let day = 1;
  const parent = () => parentBackup(dependencies, place);
  const found = (backupId: string, over: Partial<VerificationResult>) => verified(backupId, over, place);

  /** A backup with storage, each a day younger than the one before. */
  async function taken(operationId?: string): Promise<string> {
    const backupId = randomUUID();
    const began = operationId ?? (await pending('backup', backupId, place));
    if (!operationId) await begin(began);
    const result = { ...FAKE_RESULTS.backup, backupId, takenAt: new Date(Date.UTC(2026, 1, day++)).toISOString() };
    await finishOperation(dependencies, {
      operationId: began,
      kind: 'backup',
      outcome: { status: 'completed', result },
    });
    const id = (await plane.database.backup.findFirstOrThrow({ where: { operationId: began } })).id;
    await plane.database.backup.update({ where: { id }, data: { components: ['database', 'storage'] } });
    return id;
  }

  beforeEach(async () => {
    place = { environmentId, repositoryId: randomUUID() };
    const { repositoryId: id } = place;
    await plane.database.repository.create({ data: { id, name: id, driver: 'local', path: `/${id}` } });
  });

  it('is the newest', async () => {
    expect(await parent()).toBeNull();
    await taken();
    const newest = await taken();
    expect(await parent()).toBe(newest);
  });

  it('is none once one was found damaged, also when that is gone, until the next was taken', async () => {
    await taken();
    const damaged = await taken();
    const running = await pending('backup', randomUUID(), place);
    await begin(running);
    await found(damaged, { level: 'content', verdict: 'damaged' });
    expect(await parent()).toBeNull();
    await plane.database.backup.delete({ where: { id: damaged } });
    expect(await parent()).toBeNull();
    // it had taken its objects over before
    await taken(running);
    expect(await parent()).toBeNull();
    const next = await taken();
    expect(await parent()).toBe(next);
  });

  it('may be an older one that was read and found whole since', async () => {
    const older = await taken();
    const damaged = await taken();
    await found(older, { level: 'content' });
    await found(damaged, { level: 'checksum', verdict: 'damaged' });
    expect(await parent()).toBeNull();
    await found(older, { level: 'presence' });
    expect(await parent()).toBeNull();
    await found(older, { level: 'checksum' });
    expect(await parent()).toBe(older);
  });

  it('stays where only lengths were looked at: taking over sees these itself', async () => {
    const older = await taken();
    await found(await taken(), { level: 'presence', verdict: 'damaged' });
    expect(await parent()).toBe(older);
  });
});

describe('an expiry', () => {
  it('removes the catalog row when it is recorded, and keeps it when it fails', async () => {
    const { backupId } = await backedUp();
    const [failing, completing] = [await pending('expire', backupId), await pending('expire', backupId)];
    const failed = { status: 'failed', code: 'repository.unreachable', message: 'gone', hint: null } as const;
    await finishOperation(dependencies, { operationId: failing, kind: 'expire', outcome: failed });
    expect(await plane.database.backup.count({ where: { id: backupId } })).toBe(1);
    const outcome = { status: 'completed', result: FAKE_RESULTS.expire } as const;
    await finishOperation(dependencies, { operationId: completing, kind: 'expire', outcome });
    expect(await plane.database.backup.count({ where: { id: backupId } })).toBe(0);
  });
});
