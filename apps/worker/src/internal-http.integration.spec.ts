import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { OperationError } from '@holdfast/contracts';
import { signWorkerToken } from '@holdfast/crypto';
import { attachRepository } from '@holdfast/engine';
import { makeTempDir, throwawayControlPlane } from '@holdfast/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInternalServer } from './internal-http.ts';

const MIB = Buffer.alloc(1024 * 1024, 'x');
const masterKey = randomBytes(32);
const backupId = randomUUID();
let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let dir: string;
let server: ReturnType<typeof createInternalServer>;

beforeAll(async () => {
  [plane, dir] = await Promise.all([throwawayControlPlane(), makeTempDir('downloads')]);
  const { database } = plane;
  const path = join(dir, 'repository');
  const { report } = await attachRepository(path);
  const repository = await database.repository.create({
    data: { name: 'main', driver: 'local', path, repositoryUid: report.repositoryUid },
  });
  const environment = await database.environment.create({
    data: {
      ...{
        name: 'shop',
        kind: 'postgres',
        host: 'h',
        port: 5432,
        database: 'd',
        username: 'u',
        sealedPassword: 'v1.x',
      },
      ...{ tlsMode: 'disable', color: 'teal', production: false },
    },
  });
  await database.backup.create({
    data: {
      ...{ id: backupId, environmentId: environment.id, repositoryId: repository.id, operationId: randomUUID() },
      ...{ name: 'n', description: '', tags: [], components: [], kind: 'full', status: 'complete', coverage: {} },
      ...{ serverVersion: '17', database: 'd', sizeBytes: 0, storedBytes: 0, tables: 0, rows: 0, manifestSha256: '' },
      ...{ takenAt: new Date(), completedAt: new Date() },
    },
  });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

afterAll(async () => {
  await Promise.all([plane.stop(), rm(dir, { recursive: true })]);
});

/** A server whose tar is whatever `write` sends. */
async function serving(write: (output: Writable, signal: AbortSignal) => Promise<void>): Promise<string> {
  const dependencies = { database: plane.database, masterKey };
  server = createInternalServer(dependencies, pino({ level: 'silent' }), (_input, output, { signal }) =>
    write(output, signal),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/downloads/${backupId}`;
}

const bearer = (id = backupId, key = masterKey, seconds = 60): RequestInit => ({
  headers: { authorization: `Bearer ${signWorkerToken(key, id, Date.now() / 1000 + seconds)}` },
});
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a download', () => {
  it('is what was written', async () => {
    const url = await serving(async (output) => void output.write('tar bytes'));
    const response = await fetch(url, bearer());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    expect(await response.text()).toBe('tar bytes');
  });

  it('is refused without a token, with an expired one, another backup’s and another key’s', async () => {
    const url = await serving(async () => undefined);
    const wrong = [{}, bearer(backupId, masterKey, -1), bearer(randomUUID()), bearer(backupId, randomBytes(32))];
    for (const options of wrong) {
      const response = await fetch(url, options);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'auth.required' });
    }
  });

  it('of an unknown backup, and any other address, is not found', async () => {
    const url = await serving(async () => undefined);
    const unknown = randomUUID();
    expect((await fetch(url.replace(backupId, unknown), bearer(unknown))).status).toBe(404);
    expect((await fetch(`${url}/more`, bearer())).status).toBe(404);
    expect((await fetch(url, { method: 'POST', ...bearer() })).status).toBe(404);
  });

  it('that fails before its first byte says why', async () => {
    const url = await serving(() => Promise.reject(new OperationError('manifest.missing', 'The manifest is gone')));
    const response = await fetch(url, bearer());
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'manifest.missing', detail: 'The manifest is gone' });
  });

  it('tells nothing of an unknown error', async () => {
    const url = await serving(() => Promise.reject(new Error('password hunter2')));
    const response = await fetch(url, bearer());
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('that fails later never looks whole', async () => {
    const url = await serving(async (output) => {
      output.write(MIB);
      await delay(50);
      throw new OperationError('backup.damaged', 'A chunk is damaged');
    });
    const response = await fetch(url, bearer());
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it('stops when its client goes away', async () => {
    let stopped = false;
    const url = await serving(async (output, signal) => {
      output.write(MIB);
      await untilAborted(signal).finally(() => (stopped = true));
    });
    const client = new AbortController();
    await fetch(url, { ...bearer(), signal: client.signal });
    client.abort();
    await vi.waitFor(() => expect(stopped).toBe(true));
  });

  it('waits for a client that does not read', async () => {
    let written = 0;
    const url = await serving(async (output, signal) => {
      for (; written < 200 && !signal.aborted; written++) {
        if (!output.write(MIB)) await Promise.race([once(output, 'drain'), untilAborted(signal)]);
      }
    });
    const client = new AbortController();
    await fetch(url, { ...bearer(), signal: client.signal });
    await delay(300);
    expect(written).toBeLessThan(50);
    client.abort();
  });
});
