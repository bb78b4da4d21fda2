import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyWorkerToken } from '@holdfast/crypto';
import type { Backup } from '@holdfast/prisma';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from './sample-backups.ts';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const PIECES = 64;

let plane: ThrowawayControlPlane;
let worker: Server;
let api: RunningApi;
let lonely: RunningApi;
let backup: Backup;
let account: { id: string; token: string };

/** The worker's side: how it behaves, and what it saw. */
const seen = { requests: 0, sent: 0, gone: false };
let behaviour: 'whole' | 'refuse' | 'break' | 'slow' = 'whole';

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  seen.requests += 1;
  const id = /^\/downloads\/(.+)$/.exec(request.url ?? '')?.[1] ?? '';
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  if (!verifyWorkerToken(TEST_MASTER_KEY, id, token, Date.now() / 1000)) return void response.writeHead(401).end();
  if (behaviour === 'refuse') {
    response.writeHead(422, { 'content-type': 'application/problem+json' });
    return void response.end(
      JSON.stringify({ code: 'manifest.damaged', detail: 'The manifest of the backup is damaged' }),
    );
  }
  response.once('close', () => (seen.gone = !response.writableFinished));
  await pipeline(Readable.from(pieces()), response).catch(() => undefined);
}

async function* pieces(): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < PIECES; piece += 1) {
    if (behaviour === 'break' && piece === PIECES / 2) throw new Error('broken off');
    if (behaviour === 'slow') await sleep(50);
    seen.sent += 1;
    yield PIECE;
  }
}

beforeAll(async () => {
  plane = await throwawayControlPlane();
  worker = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => worker.listen(0, '127.0.0.1', listening));
  const { port } = worker.address() as AddressInfo;
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_WORKER_URL: `http://127.0.0.1:${port}` });
  lonely = await startApi({ DATABASE_URL: plane.url, HOLDFAST_WORKER_URL: 'http://127.0.0.1:1' });
  const samples = samplesIn(plane.database);
  const [environment, repository] = [await samples.environment('shop'), await samples.repository()];
  backup = await samples.backup({ environment, repository }, { name: 'before "it"' });
  account = await accountOf(plane.database, 'admin');
});
afterAll(async () => {
  await Promise.all([api?.stop(), lonely?.stop()]);
  worker?.closeAllConnections();
  worker?.close();
  await plane?.stop();
});
beforeEach(() => {
  behaviour = 'whole';
  Object.assign(seen, { requests: 0, sent: 0, gone: false });
});

const path = (): string => `/api/v1/backup/${backup.id}/download`;
const download = (signal?: AbortSignal): Promise<Response> =>
  fetch(api.url + path(), { headers: { authorization: `Bearer ${account.token}` }, ...(signal ? { signal } : {}) });
const audited = () =>
  plane.database.auditEntry.count({ where: { action: 'backup.downloaded', resourceId: backup.id } });

describe('200', () => {
  it('passes the whole tar on as a file, and writes it to the audit', async () => {
    const before = await audited();
    const response = await download();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="shop-before-it.tar"');
    expect((await response.arrayBuffer()).byteLength).toBe(PIECE.length * PIECES);
    expect(await audited()).toBe(before + 1);
    const entry = await plane.database.auditEntry.findFirstOrThrow({ where: { action: 'backup.downloaded' } });
    expect(entry.after).toEqual({ name: 'before "it"', environmentName: 'shop' });
  });
});

describe('HEAD', () => {
  it('tells the file name without bothering a worker', async () => {
    const answered = await api.ask('HEAD', path(), { token: account.token });
    expect(answered.headers.get('content-disposition')).toContain('shop-before-it.tar');
    expect(seen.requests).toBe(0);
  });
});

describe('a download that does not end well', () => {
  it('stops the worker when its client goes away', async () => {
    behaviour = 'slow';
    const leaving = new AbortController();
    const response = await download(leaving.signal);
    await response.body?.getReader().read();
    leaving.abort();
    await expect.poll(() => seen.gone).toBe(true);
    expect(seen.sent).toBeLessThan(PIECES);
  });

  it('never looks whole when the worker breaks off', async () => {
    behaviour = 'break';
    const response = await download();
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
});

describe('403', () => {
  it('is for admins', async () => {
    const { token } = await accountOf(plane.database, 'operator');
    expect((await api.ask('GET', path(), { token })).status).toBe(403);
    expect(seen.requests).toBe(0);
  });
});

describe('422 and 503', () => {
  it('answers what the worker found, and audits nothing', async () => {
    behaviour = 'refuse';
    const before = await audited();
    const answered = await api.ask('GET', path(), { token: account.token });
    expect(answered).toMatchObject({ status: 422, body: { code: 'manifest.damaged' } });
    expect(answered.headers.has('content-disposition')).toBe(false);
    expect(await audited()).toBe(before);
  });

  it('says that no worker can be reached', async () => {
    const answered = await lonely.ask('GET', path(), { token: account.token });
    expect(answered).toMatchObject({ status: 503, body: { code: 'worker.unavailable' } });
  });
});
