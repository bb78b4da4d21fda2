import { PROGRESS_EVENT, type ProgressSnapshot } from '@holdfast/contracts';
import type { Environment, Prisma } from '@holdfast/prisma';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_PASSWORD, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from '../backups/sample-backups.ts';
import { firstProgress } from './progress.ts';
import { ProgressGateway, type WatchAnswer } from './progress.gateway.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let second: RunningApi;
let environment: Environment;
let other: Environment;
let account: { id: string; email: string; token: string };
const sockets: Socket[] = [];

beforeAll(async () => {
  plane = await throwawayControlPlane();
  [api, second] = await Promise.all([startApi({ DATABASE_URL: plane.url }), startApi({ DATABASE_URL: plane.url })]);
  const samples = samplesIn(plane.database);
  [environment, other] = [await samples.environment(), await samples.environment()];
  account = await accountOf(plane.database, 'viewer');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(async () => {
  await Promise.all([api?.stop(), second?.stop()]);
  await plane?.stop();
});

interface Connecting {
  on?: RunningApi;
  token?: string;
  headers?: Record<string, string>;
  transports?: ('websocket' | 'polling')[];
}
interface Watching {
  socket: Socket;
  heard: ProgressSnapshot[];
  watch(what: object): Promise<WatchAnswer>;
}

function connect({ on = api, token, headers = {}, transports = ['websocket'] }: Connecting): Promise<Watching> {
  const socket = io(on.url, {
    path: '/api/socket.io',
    transports,
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
    ...(token === undefined ? {} : { auth: { token } }),
  });
  sockets.push(socket);
  const heard: ProgressSnapshot[] = [];
  socket.on(PROGRESS_EVENT, (snapshot: ProgressSnapshot) => heard.push(snapshot));
  const watch = (what: object): Promise<WatchAnswer> => socket.timeout(5_000).emitWithAck('watch', what);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve({ socket, heard, watch }));
    socket.once('connect_error', reject);
  });
}

const signedIn = (on = api): Promise<Watching> => connect({ on, token: account.token });

async function operation(of: Environment = environment): Promise<string> {
  const id = crypto.randomUUID();
  const progress = firstProgress('backup') as unknown as Prisma.InputJsonValue;
  await plane.database.operation.create({
    data: {
      ...{ id, kind: 'backup', environmentId: of.id, actorId: account.id, actorName: 'Ada', input: {}, progress },
      ...{ workflowId: `backup/${of.name}/${id}`, status: 'running' },
    },
  });
  return id;
}
const advance = (id: string, done: number) =>
  plane.database.operation.update({
    where: { id },
    data: {
      sequence: { increment: 1 },
      progress: { ...firstProgress('backup'), done } as unknown as Prisma.InputJsonValue,
    },
  });
const told = (heard: ProgressSnapshot[], id: string) => heard.filter(({ operationId }) => operationId === id);
const doneOf = (heard: ProgressSnapshot[], id: string): number[] =>
  told(heard, id).map(({ progress }) => progress.done);
/** Without the state it began with: that may be told after one watches, of a notification that was under way. */
const laterDoneOf = (heard: ProgressSnapshot[], id: string): number[] =>
  told(heard, id).flatMap(({ sequence, progress }) => (sequence > 0 ? [progress.done] : []));

describe('watching', () => {
  it('answers the state now, and tells every later one on both instances', async () => {
    const id = await operation();
    await advance(id, 1);
    const watchers = await Promise.all([signedIn(api), signedIn(second)]);
    for (const { watch } of watchers) {
      const answer = await watch({ environmentId: environment.id });
      if (!answer.ok) throw new Error(answer.problem.detail);
      expect(answer.snapshots.find(({ operationId }) => operationId === id)).toMatchObject({
        environmentId: environment.id,
        kind: 'backup',
        status: 'running',
        sequence: 1,
        progress: { done: 1 },
      });
    }
    for (const done of [2, 3, 4]) {
      await advance(id, done);
      for (const { heard } of watchers) await expect.poll(() => doneOf(heard, id).at(-1)).toBe(done);
    }
    for (const { heard } of watchers) {
      const sequences = told(heard, id).map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      expect(sequences.at(-1)).toBe(4);
    }
  });

  it('tells one operation to whoever watches that, and nothing of other environments', async () => {
    const [mine, foreign] = [await operation(), await operation(other)];
    const { watch, heard } = await signedIn();
    expect(await watch({ operationId: mine })).toMatchObject({ ok: true, snapshots: [{ operationId: mine }] });
    await advance(foreign, 5);
    await advance(mine, 5);
    await expect.poll(() => laterDoneOf(heard, mine)).toEqual([5]);
    expect(doneOf(heard, foreign)).toEqual([]);
  });

  it('tells all of what runs, and every change of any environment once, to whoever watches all', async () => {
    const [mine, foreign] = [await operation(), await operation(other)];
    const { watch, heard } = await signedIn(second);
    const answer = await watch({ all: true, environmentId: other.id });
    if (!answer.ok) throw new Error(answer.problem.detail);
    const ids = answer.snapshots.map(({ operationId }) => operationId);
    expect(ids).toEqual(expect.arrayContaining([mine, foreign]));
    expect(new Set(ids).size).toBe(ids.length);
    const later = await operation(other);
    await expect.poll(() => doneOf(heard, later)).toEqual([0]);
    for (const id of [mine, foreign]) await advance(id, 9);
    for (const id of [mine, foreign]) await expect.poll(() => laterDoneOf(heard, id)).toEqual([9]);
    await plane.database.operation.update({ where: { id: mine }, data: { status: 'completed', environmentId: null } });
    await expect.poll(() => heard.findLast(({ operationId }) => operationId === mine)?.status).toBe('completed');
  });

  it('tells a burst of changes by its last state', async () => {
    const id = await operation();
    const { watch, heard } = await signedIn();
    await watch({ operationId: id });
    for (let done = 1; done <= 50; done += 1) await advance(id, done);
    await expect.poll(() => doneOf(heard, id).at(-1)).toBe(50);
  });

  it('goes on after the connection that hears changes was lost, with what was missed meanwhile', async () => {
    const id = await operation();
    const { watch, heard } = await signedIn();
    await watch({ operationId: id });
    await plane.database.$queryRaw`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE application_name = 'holdfast-api-listener' AND datname = current_database()`;
    await advance(id, 7);
    await expect.poll(() => doneOf(heard, id).at(-1), { timeout: 10_000 }).toBe(7);
    await advance(id, 8);
    await expect.poll(() => doneOf(heard, id).at(-1), { timeout: 10_000 }).toBe(8);
  });

  it('is refused for what does not exist and for what names nothing', async () => {
    const { watch } = await signedIn();
    const refused = (code: string) => ({ ok: false, problem: { code } });
    expect(await watch({ environmentId: crypto.randomUUID() })).toMatchObject(refused('resource.not_found'));
    expect(await watch({ operationId: crypto.randomUUID() })).toMatchObject(refused('resource.not_found'));
    expect(await watch({})).toMatchObject(refused('request.invalid'));
    expect(await watch({ all: false })).toMatchObject(refused('request.invalid'));
    expect(await watch({ environmentId: 'x', more: 1 })).toMatchObject(refused('request.invalid'));
  });
});

describe('the handshake', () => {
  it('refuses whoever shows nothing, or something that is not valid', async () => {
    for (const token of [undefined, 'hf_x', 'hfs_x']) {
      await expect(connect(token === undefined ? {} : { token })).rejects.toMatchObject({
        data: { code: 'auth.required' },
      });
    }
  });

  it('takes the cookie from our own pages only', async () => {
    const body = { email: account.email, password: TEST_PASSWORD };
    const answer = await api.ask('POST', '/api/v1/auth/sign-in', { body });
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const { watch } = await connect({ headers: { cookie, origin: api.url } });
    expect(await watch({ environmentId: environment.id })).toMatchObject({ ok: true });
    await expect(connect({ headers: { cookie, origin: 'https://evil.example' } })).rejects.toMatchObject({
      data: { code: 'auth.cross_site' },
    });
  });

  it('is asked again later: a socket is closed once its session was ended, others stay', async () => {
    const body = { email: account.email, password: TEST_PASSWORD, kind: 'token' };
    const { token } = (await api.ask('POST', '/api/v1/auth/sign-in', { body })).body;
    const [ended, other] = [await connect({ token }), await signedIn()];
    expect((await api.ask('POST', '/api/v1/auth/sign-out-everywhere', { token })).status).toBe(204);
    await api.app.get(ProgressGateway).recheckAll();
    await expect.poll(() => ended.socket.connected).toBe(false);
    expect(await other.watch({ environmentId: environment.id })).toMatchObject({ ok: true });
  });

  it('speaks websockets only', async () => {
    await expect(connect({ token: account.token, transports: ['polling'] })).rejects.toThrow();
  });
});
