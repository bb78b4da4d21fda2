import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTENT_KINDS, type ContentItem, type ContentsAnswer } from '@holdfast/contracts';
import { signWorkerToken } from '@holdfast/crypto';
import { attachRepository, backUp, defaultToolsDir } from '@holdfast/engine';
import { makeTempDir, throwawayControlPlane } from '@holdfast/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInternalServer } from './internal-http.ts';

const masterKey = randomBytes(32);
const backupId = randomUUID();
const environmentId = randomUUID();
let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let dir: string;
let server: ReturnType<typeof createInternalServer>;
let base: string;

// The control plane's own database is the one that is backed up.
beforeAll(async () => {
  [plane, dir] = await Promise.all([throwawayControlPlane(), makeTempDir('contents')]);
  const { database, target } = plane;
  const path = join(dir, 'repository');
  const { repository, report } = await attachRepository(path);
  const { id: repositoryId } = await database.repository.create({
    data: { name: 'main', driver: 'local', path, repositoryUid: report.repositoryUid },
  });
  await database.environment.create({
    data: {
      ...{ id: environmentId, name: 'own', kind: 'postgres', host: target.host, port: target.port, database: 'd' },
      ...{ username: 'u', sealedPassword: 'v1.x', tlsMode: 'disable', color: 'teal', production: false },
    },
  });
  const named = { id: backupId, name: 'n', description: '', tags: [], components: ['database' as const] };
  const { manifestSha256 } = await backUp(
    {
      ...{ environment: { id: environmentId, name: 'own', kind: 'postgres' }, source: target, repository },
      ...{ backup: named, toolsDir: defaultToolsDir(), lockTimeoutSeconds: 10, parallel: 2 },
    },
    { signal: new AbortController().signal },
  );
  await database.backup.create({
    data: {
      ...{ id: backupId, environmentId, repositoryId, operationId: randomUUID(), manifestSha256 },
      ...{ name: 'n', description: '', tags: [], components: [], kind: 'full', status: 'complete', coverage: {} },
      ...{ serverVersion: '17', database: 'd', sizeBytes: 0, storedBytes: 0, tables: 0, rows: 0 },
      ...{ takenAt: new Date(), completedAt: new Date() },
    },
  });
  server = createInternalServer({ database, masterKey }, pino({ level: 'silent' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await Promise.all([plane?.stop(), dir && rm(dir, { recursive: true })]);
});

const ask = (path: string, query = 'from=0&limit=200', subject = path, signal?: AbortSignal): Promise<Response> => {
  const token = signWorkerToken(masterKey, subject, Date.now() / 1000 + 60);
  return fetch(`${base}/${path}?${query}`, {
    headers: { authorization: `Bearer ${token}` },
    ...(signal ? { signal } : {}),
  });
};
const contents = async (query: string): Promise<ContentsAnswer> =>
  (await (await ask(`contents/${backupId}`, query)).json()) as ContentsAnswer;

describe('what is inside a backup', () => {
  it('is told in order, with rows and checksums, and page by page', async () => {
    const { items, next, summary } = await contents('from=0&limit=200');
    expect(next).toBeNull();
    const order = items.map(({ kind, schema, name }) => [CONTENT_KINDS.indexOf(kind), schema, name].join(' '));
    expect(order).toEqual(order.toSorted());
    expect(items.find(({ name }) => name === 'environments')).toMatchObject({
      ...{ kind: 'table', schema: 'public', artifact: 'public.environments', comparedAs: 'public.environments' },
      ...{ rows: 1, checksum: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
    expect(summary.schemas).toMatchObject([{ name: 'public', rows: expect.any(Number) }]);
    const paged: ContentItem[] = [];
    for (let from: number | null = 0; from !== null;) {
      const page: ContentsAnswer = await contents(`from=${from}&limit=7`);
      paged.push(...page.items);
      from = page.next;
    }
    expect(paged).toEqual(items);
  });

  it('is found by kind, schema and name', async () => {
    const names = async (query: string) => (await contents(`from=0&limit=200&${query}`)).items.map(({ name }) => name);
    expect(await names('kinds=table&search=ENVIRON')).toEqual(['environments']);
    expect(await names('search=public.ENVIRON')).toEqual(['environments']);
    expect(await names('kinds=definitions&search=data')).toEqual(['database', 'post-data', 'pre-data']);
    expect(await names('schema=other')).toEqual([]);
  });

  it('has no storage objects where storage is no part of it', async () => {
    expect(await (await ask(`objects/${backupId}`)).json()).toEqual({ items: [], next: null });
  });

  it('is told with a token for just that', async () => {
    for (const subject of [backupId, `objects/${backupId}`, `contents/${randomUUID()}`]) {
      expect((await ask(`contents/${backupId}`, 'from=0&limit=1', subject)).status).toBe(401);
    }
    const unknown = `contents/${randomUUID()}`;
    expect((await ask(unknown)).status).toBe(404);
  });

  it('is read once for many who ask, also when the first goes away, and again after a failure', async () => {
    const { path } = await plane.database.repository.findFirstOrThrow();
    const manifest = join(path, 'backups', environmentId, backupId, 'manifest.json');
    const other = createInternalServer({ database: plane.database, masterKey }, pino({ level: 'silent' }));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const before = base;
    base = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const bytes = await readFile(manifest);
    try {
      await rm(manifest);
      expect(await (await ask(`contents/${backupId}`)).json()).toMatchObject({ code: 'manifest.missing' });
      await writeFile(manifest, bytes);
      const leaving = new AbortController();
      const first = ask(`contents/${backupId}`, 'from=0&limit=1', `contents/${backupId}`, leaving.signal);
      await delay(5);
      leaving.abort();
      await first.catch(() => undefined);
      expect((await contents('from=0&limit=1')).items).toHaveLength(1);
      await rm(manifest);
      expect((await contents('from=0&limit=1')).items).toHaveLength(1);
    } finally {
      await writeFile(manifest, bytes);
      base = before;
      other.closeAllConnections();
      other.close();
    }
  });
});
