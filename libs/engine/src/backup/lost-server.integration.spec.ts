import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failureOf, gateAt, listed, prove, takeBackup, troubled } from '../engine-under-test.ts';
import { startPostgres, type PostgresServer } from '../postgres/server.ts';
import { attachRepository } from '../repository/repository.ts';

let server: ThrowawayPostgres;
let again: PostgresServer | undefined;

beforeAll(async () => {
  server = await throwawayPostgres(17, { settings: { fsync: 'on', full_page_writes: 'on' } });
});
afterAll(async () => {
  await again?.stop();
  await server.stop();
});

/** The server's process and all that it started. */
async function processesOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...pairs.flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []))];
}

it('what an attempt wrote that was killed before it could tell is not listed any more once the next one has begun', async () => {
  const source = await server.createDatabase('told');
  const { repository } = await attachRepository(await makeTempDir('told'));
  const { backupId } = await takeBackup(source, repository);
  expect(await listed(repository)).toEqual([backupId]);
  const next = failureOf(takeBackup({ ...source, database: 'gone' }, repository, { id: backupId }));
  expect((await next).code).toBe('environment.database_missing');
  expect(await listed(repository)).toEqual([]);
});

it('a source server that is killed in the middle of a COPY ends the backup, and the next one after its return is whole', async () => {
  const source = await server.createDatabase('source');
  const client = await server.client(source);
  await client.query(
    'CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 32) AS text FROM generate_series(1, 24000) g; CHECKPOINT',
  );
  const { repository } = await attachRepository(await makeTempDir('lost-server'));
  const held = await troubled(repository);
  const gate = gateAt(held.driver, 12);
  const backup = failureOf(takeBackup(source, held));
  await gate.arrived;
  const processes = await processesOf(server.server.pid);
  expect(processes.length).toBeGreaterThan(3);
  for (const pid of processes) process.kill(pid, 'SIGKILL');
  await server.server.exited;
  gate.open();
  const error = await backup;
  expect({ code: error.code, retryable: error.retryable }).toEqual({
    code: 'postgres.connection_lost',
    retryable: true,
  });
  expect(await listed(repository)).toEqual([]);
  expect((await failureOf(takeBackup(source, repository))).code).toBe('environment.unreachable');

  const { binDir, dataDir, target } = server;
  again = await startPostgres({ binDir, dataDir, password: target.password, durable: false });
  const summary = await takeBackup({ ...source, port: again.target.port }, repository);
  expect(await listed(repository)).toEqual([summary.backupId]);
  expect(await prove(repository, summary, 'restore', again.target)).toMatchObject({ verdict: 'proven', rows: 24_000 });
});
