import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { reservePorts } from './ports.ts';

async function taken(): Promise<{ port: number; free(): void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { port, free: () => void server.close() };
}

it('holds every port until it is released', async () => {
  const first = await reservePorts({ api: { port: 0 }, worker: { port: 0 } }, '127.0.0.1', 'api');
  expect(first.api.port).not.toBe(first.worker.port);
  const again = { api: { port: first.api.port } };
  await expect(reservePorts(again, '127.0.0.1', 'api')).rejects.toMatchObject({ code: 'resource.in_use' });
  await first.api.release();
  const second = await reservePorts(again, '127.0.0.1', 'api');
  expect(second.api.port).toBe(first.api.port);
  await Promise.all([second.api.release(), first.worker.release(), first.worker.release()]);
});

it('lets go of a port that somebody has connected to', async () => {
  const { api } = await reservePorts({ api: { port: 0 } }, '127.0.0.1', 'api');
  const visitor = connect(api.port, '127.0.0.1').on('error', () => undefined);
  visitor.write('GET / HTTP/1.1\r\n\r\n');
  await once(visitor, 'close');
  await api.release();
});

it('names every port that is in use, with what it is for, and keeps none', async () => {
  const [a, b] = [await taken(), await taken()];
  const free = await taken();
  free.free();
  const wanted = { api: { port: a.port }, worker: { port: free.port }, temporal: { port: b.port } };
  await expect(reservePorts(wanted, '127.0.0.1', 'api')).rejects.toThrow(
    `port ${a.port} (api), port ${b.port} (temporal)`,
  );
  const kept = await reservePorts({ worker: { port: free.port } }, '127.0.0.1', 'worker');
  await kept.worker.release();
  a.free();
  b.free();
});

it('takes another port where the preferred one is in use', async () => {
  const other = await taken();
  const { temporal } = await reservePorts({ temporal: { port: other.port, preferred: true } }, '127.0.0.1', 'temporal');
  expect(temporal.port).toBeGreaterThan(0);
  expect(temporal.port).not.toBe(other.port);
  await temporal.release();
  other.free();
});
