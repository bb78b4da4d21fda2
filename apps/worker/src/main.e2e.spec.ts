import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { OPERATION_STEPS, TASK_QUEUE, workflowId } from '@holdfast/contracts';
import type { OperationKind, OperationTypes } from '@holdfast/contracts';
import { encryptedPayloadCodec, sealSecret, signWorkerToken } from '@holdfast/crypto';
import type { Prisma } from '@holdfast/prisma';
import { makeTempDir, startTemporal, throwawayControlPlane, throwawayPostgres, toolsDir } from '@holdfast/testing';
import type { TemporalServer } from '@holdfast/testing';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../../dist/apps/worker/main.js');
const masterKey = randomBytes(32);
const [environmentId, repositoryId] = [randomUUID(), randomUUID()];

interface WorkerProcess {
  child: ChildProcess;
  lines: Record<string, unknown>[];
  said(message: string): Promise<Record<string, unknown>>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

let source: Awaited<ReturnType<typeof throwawayPostgres>>;
let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let temporal: TemporalServer;
let connection: Connection;
let client: Client;
let dir: string;
let worker: WorkerProcess;

/** Starts the built worker; its log is read as JSON lines. */
function startWorker(variables: Record<string, string> = {}): WorkerProcess {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      DATABASE_URL: plane.url,
      HOLDFAST_MASTER_KEY: masterKey.toString('base64'),
      TEMPORAL_ADDRESS: temporal.address,
      HOLDFAST_WORKER_PORT: '0',
      HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'loopback',
      HOLDFAST_TOOLS_DIR: toolsDir(),
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const exited = once(child, 'exit');
  return {
    child,
    lines,
    said: (message) =>
      vi.waitFor(
        () => {
          const line = lines.findLast(({ msg }) => msg === message);
          if (line === undefined) throw new Error(`it has not said ${message}: ${JSON.stringify(lines.slice(-3))}`);
          return line;
        },
        { timeout: 20_000, interval: 50 },
      ),
    async end(signal) {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

const connectClient = async (): Promise<void> => {
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection, dataConverter: { payloadCodecs: [encryptedPayloadCodec(masterKey)] } });
};

beforeAll(async () => {
  [source, plane] = await Promise.all([throwawayPostgres(17), throwawayControlPlane()]);
  dir = await makeTempDir('worker');
  temporal = await startTemporal({ toolsDir: toolsDir(), file: join(dir, 'temporal.db') });
  await connectClient();
  const { host, port, database, user, password } = source.target;
  const sealedPassword = sealSecret(masterKey, password, `environment:${environmentId}`);
  await plane.database.environment.create({
    data: {
      ...{ id: environmentId, name: 'shop', kind: 'postgres', host, port, database, username: user, sealedPassword },
      ...{ tlsMode: 'disable', color: 'teal', production: false },
    },
  });
  await plane.database.repository.create({
    data: { id: repositoryId, name: 'main', driver: 'local', path: join(dir, 'repository') },
  });
  const sql = await source.client();
  await sql.query(`CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 5000) n`);
  worker = startWorker();
  await worker.said('polling');
});

afterAll(async () => {
  await worker.end('SIGKILL');
  await connection.close();
  await Promise.all([temporal.stop(), plane.stop(), source.stop(), rm(dir, { recursive: true })]);
});

const inputs = (backupId: string): OperationInputs => {
  const where = { backupId, environmentId, repositoryId };
  const named = { name: 'nightly', description: '', tags: [] };
  const all = { newDatabase: 'shop_copy', schemas: [], tables: [], content: 'all' as const, dryRun: false };
  return {
    backup: { ...where, ...named, components: ['database'], lockTimeoutSeconds: 60 },
    verify: { ...where, level: 'restore' },
    restore: { ...where, ...all, sourceEnvironmentId: environmentId, overwrite: false },
    expire: where,
  };
};
type OperationInputs = { [K in OperationKind]: OperationTypes[K]['input'] };

/** Does what the API does: writes the row, then starts the workflow. */
async function start(kind: OperationKind, backupId: string): Promise<{ id: string; handle: WorkflowHandle }> {
  const id = randomUUID();
  const input = inputs(backupId)[kind];
  const steps = OPERATION_STEPS[kind].map((name) => ({ name, status: 'waiting' }));
  const still = { step: null, done: 0, total: null, unit: 'bytes', bytes: 0, rows: 0, rate: null, etaSeconds: null };
  const key = workflowId(kind, 'shop', id);
  await plane.database.operation.create({
    data: {
      ...{ id, kind, environmentId, repositoryId, backupId, actorId: randomUUID(), actorName: 'Ada' },
      ...{ input: input as unknown as Prisma.InputJsonObject, workflowId: key, progress: { steps, ...still } },
    },
  });
  const args = [{ operationId: id, input }];
  return { id, handle: await client.workflow.start(kind, { taskQueue: TASK_QUEUE, workflowId: key, args }) };
}

const read = (id: string) =>
  plane.database.operation.findUniqueOrThrow({ where: { id }, include: { leases: true, events: true } });

async function backedUp(): Promise<string> {
  const backupId = randomUUID();
  const { handle } = await start('backup', backupId);
  await handle.result();
  return backupId;
}

/** A backup that waits for a table that somebody else holds; `release` lets it go on. */
async function heldBackup() {
  const holder = await source.client();
  await holder.query('BEGIN; LOCK TABLE item IN ACCESS EXCLUSIVE MODE');
  const backupId = randomUUID();
  const { id, handle } = await start('backup', backupId);
  await vi.waitFor(async () => expect((await read(id)).events.some(({ type }) => type === 'step')).toBe(true), 10_000);
  return { id, backupId, handle, release: () => holder.query('ROLLBACK') };
}

describe('a worker', () => {
  it('attaches a repository, writes to it, and looks at an environment', async () => {
    const ask = (name: string, input: object) =>
      client.workflow.execute(name, { taskQueue: TASK_QUEUE, workflowId: randomUUID(), args: [input] });
    expect(await ask('attach', { repositoryId })).toMatchObject({ created: true, backups: 0 });
    expect(await plane.database.repository.findUnique({ where: { id: repositoryId } })).toMatchObject({
      repositoryUid: expect.any(String) as string,
    });
    expect(await ask('probeRepository', { repositoryId })).toMatchObject({ backups: 0, writable: true, blockers: [] });
    expect(await ask('probe', { environmentId })).toMatchObject({ serverMajor: 17, blockers: [] });
  });

  it('backs up, verifies, restores and expires', async () => {
    const backupId = randomUUID();
    const backup = await start('backup', backupId);
    expect(await backup.handle.result()).toMatchObject({ backupId, tables: 1, rows: 5_000 });
    expect(await read(backup.id)).toMatchObject({ status: 'completed', leases: [] });
    expect(await plane.database.backup.findUnique({ where: { id: backupId } })).toMatchObject({ rows: 5_000n });
    const verify = await start('verify', backupId);
    expect(await verify.handle.result()).toMatchObject({ verdict: 'proven', rows: 5_000 });
    const restore = await start('restore', backupId);
    expect(await restore.handle.result()).toMatchObject({ database: 'shop_copy', rows: 5_000, differenceCount: 0 });
    const expire = await start('expire', backupId);
    await expire.handle.result();
    expect(await plane.database.backup.findUnique({ where: { id: backupId } })).toBeNull();
  });

  it('stops a cancelled backup within three seconds and lists nothing', async () => {
    const { id, backupId, handle, release } = await heldBackup();
    const asked = performance.now();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(performance.now() - asked).toBeLessThan(3_000);
    expect(await read(id)).toMatchObject({ status: 'cancelled', leases: [] });
    await release();
    expect(await plane.database.backup.findUnique({ where: { id: backupId } })).toBeNull();
    await backedUp();
  });

  it('streams a backup as a tar to the bearer of a token only', async () => {
    const backupId = await backedUp();
    const { downloadsUrl } = await worker.said('polling');
    const url = `${String(downloadsUrl)}/downloads/${backupId}`;
    const expiry = Math.floor(Date.now() / 1000) + 60;
    const authorization = `Bearer ${signWorkerToken(masterKey, backupId, expiry)}`;
    const response = await fetch(url, { headers: { authorization } });
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    const tar = Buffer.from(await response.arrayBuffer());
    expect(tar.subarray(257, 262).toString()).toBe('ustar');
    const refused = await fetch(url);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'auth.required' });
    const unknown = randomUUID();
    const headers = { authorization: `Bearer ${signWorkerToken(masterKey, unknown, expiry)}` };
    expect((await fetch(`${String(downloadsUrl)}/downloads/${unknown}`, { headers })).status).toBe(404);
    expect((await fetch(`${String(downloadsUrl)}/health`)).status).toBe(200);
  });

  it('says of an attempt that failed why, and tries again', async () => {
    const { port } = source.target;
    const at = (where: number) =>
      plane.database.environment.update({ where: { id: environmentId }, data: { port: where } });
    // nothing listens there
    await at(1);
    const { id, handle } = await start('backup', randomUUID());
    const retries = async () => (await read(id)).events.filter(({ type }) => type === 'retry');
    await vi.waitFor(async () => expect(await retries()).not.toEqual([]), 20_000);
    await at(port);
    await handle.result();
    expect((await retries())[0]?.data).toMatchObject({
      attempt: 2,
      code: 'environment.unreachable',
      reason: expect.stringContaining('127.0.0.1') as string,
    });
  });

  it('that is killed leaves the operation to another one, which completes it', async () => {
    const { id, handle, release } = await heldBackup();
    await worker.end('SIGKILL');
    await release();
    worker = startWorker();
    await handle.result();
    const row = await read(id);
    expect(row).toMatchObject({ status: 'completed', leases: [] });
    expect(row.events.filter(({ type }) => type === 'retry')).toHaveLength(1);
  });

  it('stops within two seconds of a SIGTERM while it works, and the next one completes it', async () => {
    const { id, handle, release } = await heldBackup();
    const asked = performance.now();
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2_500);
    await release();
    worker = startWorker();
    await handle.result();
    expect(await read(id)).toMatchObject({ status: 'completed', leases: [] });
  });

  it('outlives a Temporal that is killed and comes back', async () => {
    const { id, release } = await heldBackup();
    const { address } = temporal;
    await temporal.stop();
    await connection.close();
    await release();
    temporal = await startTemporal({
      toolsDir: toolsDir(),
      file: join(dir, 'temporal.db'),
      port: Number(address.split(':')[1]),
    });
    await connectClient();
    await vi.waitFor(async () => expect((await read(id)).status).toBe('completed'), 60_000);
    expect((await read(id)).leases).toEqual([]);
    await backedUp();
  });

  it('keeps the password out of its log', () => {
    const said = JSON.stringify(worker.lines);
    expect(said).not.toContain(source.target.password);
    expect(said).not.toContain(masterKey.toString('base64'));
  });
});

describe('a worker that starts', () => {
  it('waits for a database and a Temporal that are not there yet', async () => {
    const early = startWorker({ DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/holdfast' });
    await early.said('waiting for the control plane database');
    expect(await early.end('SIGTERM')).toBe(0);
    const alone = startWorker({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    await alone.said('waiting for Temporal');
    expect(await alone.end('SIGINT')).toBe(0);
  });

  it('names what is wrong with its configuration and ends', async () => {
    const wrong = startWorker({ HOLDFAST_MASTER_KEY: 'short', HOLDFAST_PARALLEL: 'many' });
    await once(wrong.child, 'exit');
    expect(wrong.child.exitCode).toBe(1);
    const [line] = wrong.lines;
    expect(line?.['msg']).toContain('HOLDFAST_MASTER_KEY');
    expect(line?.['msg']).toContain('HOLDFAST_PARALLEL');
  });
});
