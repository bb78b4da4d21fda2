import {
  makeTempDir,
  startTemporal,
  throwawayControlPlane,
  toolsDir,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountOf, startApi, type RunningApi } from '../api-under-test.ts';
import { samplesIn, type Samples } from '../backups/sample-backups.ts';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let api: RunningApi;
let samples: Samples;
let token: string;
let directory: string;
let file: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  directory = await makeTempDir('temporal');
  file = join(directory, 'temporal.db');
  temporal = await startTemporal({ toolsDir: toolsDir(), file });
  api = await startApi({ DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address });
  samples = samplesIn(plane.database);
  await samples.repository(true);
  ({ token } = await accountOf(plane.database, 'operator'));
});
afterAll(async () => {
  await api?.stop();
  await temporal?.stop();
  await plane?.stop();
  await rm(directory, { recursive: true, force: true });
});

const backUp = async () => {
  const body = { environmentId: (await samples.environment()).id };
  const start = performance.now();
  const answer = await api.ask('POST', '/api/v1/backup', { token, body });
  return { ...answer, seconds: (performance.now() - start) / 1000 };
};

it('a start is refused within 3 s while Temporal is killed or hangs, and works again soon after it is back', async () => {
  expect((await backUp()).status).toBe(202);

  // It takes connections and says nothing: the deadline alone helps.
  temporal.kill('SIGSTOP');
  const hanging = await backUp();
  expect(hanging).toMatchObject({ status: 503, body: { code: 'temporal.unavailable' } });
  expect(hanging.seconds).toBeLessThan(3);
  temporal.kill('SIGCONT');
  await expect.poll(async () => (await backUp()).status, { timeout: 15_000 }).toBe(202);

  temporal.kill('SIGKILL');
  await temporal.exited;
  const away = await backUp();
  expect(away).toMatchObject({ status: 503, body: { code: 'temporal.unavailable' } });
  expect(away.seconds).toBeLessThan(3);
  expect((await api.ask('GET', '/api/v1/progress', { token })).status).toBe(200);

  const port = Number(temporal.address.split(':')[1]);
  temporal = await startTemporal({ toolsDir: toolsDir(), file, port });
  await expect.poll(async () => (await backUp()).status, { timeout: 15_000 }).toBe(202);
});
