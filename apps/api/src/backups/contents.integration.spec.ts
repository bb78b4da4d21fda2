import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ContentsAnswer, ObjectsAnswer } from '@holdfast/contracts';
import { verifyWorkerToken } from '@holdfast/crypto';
import type { Backup } from '@holdfast/prisma';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from './sample-backups.ts';

const CONTENTS: ContentsAnswer = {
  items: [
    {
      ...{ kind: 'table', schema: 'public', name: 'orders', artifact: 'public.orders', comparedAs: 'public.orders' },
      ...{ rows: 3, sizeBytes: 40, checksum: 'ab', objects: null, files: null, detail: null },
    },
  ],
  next: 7,
  summary: {
    kinds: [{ kind: 'table', count: 1, sizeBytes: 40 }],
    schemas: [{ name: 'public', tables: 1, rows: 3, sizeBytes: 40 }],
    schemaCount: 1,
  },
};
const OBJECTS: ObjectsAnswer = {
  items: [
    {
      ...{ bucket: 'avatars', name: 'a b.png', sizeBytes: 12, contentType: 'image/png', sha256: 'cd' },
      ...{ updatedAt: '2026-11-24T08:50:00+00:00', replaced: false },
    },
  ],
  next: null,
};

let plane: ThrowawayControlPlane;
let worker: Server;
let api: RunningApi;
let lonely: RunningApi;
let backup: Backup;
let removed: Backup;
let token: string;

/** What the worker's side saw, and how it behaves. */
let seen: URL[] = [];
let behave: (url: URL, response: ServerResponse) => void;

const answered = (url: URL, response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(url.pathname.startsWith('/contents/') ? CONTENTS : OBJECTS));
};

beforeAll(async () => {
  plane = await throwawayControlPlane();
  worker = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://worker');
    const bearer = (request.headers.authorization ?? '').replace('Bearer ', '');
    const subject = url.pathname.slice(1);
    if (!verifyWorkerToken(TEST_MASTER_KEY, subject, bearer, Date.now() / 1000)) {
      return void response.writeHead(401).end();
    }
    seen.push(url);
    behave(url, response);
  });
  await new Promise<void>((listening) => worker.listen(0, '127.0.0.1', listening));
  const { port } = worker.address() as AddressInfo;
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_WORKER_URL: `http://127.0.0.1:${port}` });
  lonely = await startApi({ DATABASE_URL: plane.url });
  const samples = samplesIn(plane.database);
  const of = { environment: await samples.environment(), repository: await samples.repository() };
  [backup, removed] = [await samples.backup(of), await samples.backup(of, { status: 'expiring' })];
  ({ token } = await accountOf(plane.database, 'viewer'));
});
afterAll(async () => {
  await Promise.all([api?.stop(), lonely?.stop()]);
  worker?.closeAllConnections();
  worker?.close();
  await plane?.stop();
});
beforeEach(() => {
  seen = [];
  behave = answered;
});

const ask = (path: string, id = backup.id, on = api) => on.ask('GET', `/api/v1/backup/${id}/${path}`, { token });
const at = (answer: { body: { errors: { at: string }[] } }) => answer.body.errors.map((error) => error.at);

describe('200', () => {
  it('tells contents as a worker reads them, and the summary on the first page', async () => {
    const first = await ask('contents?kind=table&kind=bucket&schema=public&search=%25or&limit=1');
    expect(first).toMatchObject({ status: 200, body: { items: CONTENTS.items, summary: CONTENTS.summary } });
    const [asked] = seen;
    expect(asked?.pathname).toBe(`/contents/${backup.id}`);
    expect(asked?.searchParams.getAll('kinds')).toEqual(['table', 'bucket']);
    expect(Object.fromEntries(asked?.searchParams ?? [])).toMatchObject({
      schema: 'public',
      search: '%or',
      limit: '1',
    });
    const next = await ask(`contents?cursor=${first.body.nextCursor}`);
    expect(next.body.summary).toBeNull();
    expect(seen[1]?.searchParams.get('from')).toBe('7');
  });

  it('tells storage objects by bucket, prefix and search', async () => {
    const { status, body } = await ask('objects?bucket=avatars&prefix=a%20&search=B');
    expect([status, body]).toEqual([200, { items: OBJECTS.items, nextCursor: null }]);
    expect(Object.fromEntries(seen[0]?.searchParams ?? [])).toEqual({
      ...{ bucket: 'avatars', prefix: 'a ', search: 'B', from: '0', limit: '50' },
    });
  });
});

describe('400', () => {
  it('names what it does not take, also where only the worker can know', async () => {
    expect(at(await ask('contents?kind=view&limit=0&what=1')).toSorted()).toEqual(['kind.0', 'limit', 'what']);
    const { nextCursor } = (await ask('contents')).body;
    expect(at(await ask(`objects?cursor=${nextCursor}`))).toEqual(['cursor']);
    behave = (_, response) => {
      const errors = [{ at: 'cursor', message: 'is not a cursor of this list' }];
      response.writeHead(400).end(JSON.stringify({ code: 'request.invalid', detail: 'no line begins there', errors }));
    };
    expect(await ask('objects')).toMatchObject({ status: 400, body: { errors: [{ at: 'cursor' }] } });
  });
});

describe('404 and 409', () => {
  it('bothers no worker for a backup that is not there, or is being removed', async () => {
    for (const list of ['contents', 'objects']) {
      expect((await ask(list, crypto.randomUUID())).body.code).toBe('resource.not_found');
      expect(await ask(list, removed.id)).toMatchObject({ status: 409, body: { code: 'resource.in_use' } });
    }
    expect(seen).toEqual([]);
  });
});

describe('422 and 503', () => {
  it('answers what the worker found', async () => {
    behave = (_, response) =>
      void response
        .writeHead(422)
        .end(JSON.stringify({ code: 'manifest.damaged', detail: 'damaged', hint: 'Restore.' }));
    const problem = { code: 'manifest.damaged', detail: 'damaged', hint: 'Restore.' };
    expect(await ask('contents')).toMatchObject({ status: 422, body: problem });
  });

  it('says that no worker can be asked, or that it broke off', async () => {
    const away = { status: 503, body: { code: 'worker.unavailable' } };
    expect(await ask('contents', backup.id, lonely)).toMatchObject(away);
    behave = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await ask('objects')).toMatchObject(away);
  });
});

describe('a client that goes away', () => {
  it('ends what is read for it', async () => {
    const gone = Promise.withResolvers<void>();
    behave = (_, response) => void response.once('close', gone.resolve);
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const answer = fetch(`${api.url}/api/v1/backup/${backup.id}/contents`, { headers, signal: leaving.signal });
    await expect.poll(() => seen.length).toBe(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await gone.promise;
  });
});
