import { PassThrough } from 'node:stream';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, TEST_PASSWORD, type Answer, type RunningApi } from './api-under-test.ts';
import { samplesIn } from './backups/sample-backups.ts';

const DATABASE_PASSWORD = 'Geheim-7f3a91-of-the-database';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let api: RunningApi;
const logged: string[] = [];

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  const log = new PassThrough();
  log.on('data', (chunk: Buffer) => logged.push(chunk.toString()));
  const variables = { DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address, HOLDFAST_LOG_LEVEL: 'trace' };
  api = await startApi(variables, log);
});
afterAll(async () => {
  await api?.stop();
  await temporal?.stop();
  await plane?.stop();
});

/** Uses the API as people do, and wrongly too; gives back every answer. */
async function useEverything(owner: { email: string; token: string }): Promise<Answer[]> {
  const answers: Answer[] = [];
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const asked = { token: owner.token, headers, ...(body === undefined ? {} : { body }) };
    const answer = await api.ask(method, `/api/v1/${path}`, asked);
    answers.push(answer);
    return answer;
  };
  await samplesIn(plane.database).repository(true);
  const parts = { host: '127.0.0.1', database: 'app', user: 'backup', password: DATABASE_PASSWORD };
  const { id } = (await ask('POST', 'environments', { name: 'one', ...parts })).body;
  const url = `postgresql://backup:${DATABASE_PASSWORD}@127.0.0.1/app`;
  await ask('POST', 'environments', { name: 'two', url });
  await ask('POST', 'environments', { name: 'one', ...parts });
  await ask('POST', 'environments', { name: 'bad name', url: `${url}?host=x`, ...parts, [DATABASE_PASSWORD]: 1 }).then(
    () => answers.pop(),
  );
  await ask('POST', 'environments', { name: 'three', url: `${url}?sslmode=x` });
  await ask('POST', 'environments', `{"password":"${DATABASE_PASSWORD}`);
  await ask('PATCH', `environments/${id}`, { password: `${DATABASE_PASSWORD}-2` }, { 'if-match': '*' });
  await ask('GET', `environments/${id}`);
  await ask('GET', 'environments');
  await ask('POST', 'auth/sign-in', { email: owner.email, password: `${TEST_PASSWORD}-wrong` });
  const started = await ask('POST', 'backup', { environmentId: id });
  await ask('GET', `progress/${started.body.operationId}`);
  await ask('GET', `progress/${started.body.operationId}/events`);
  await ask('POST', `progress/${started.body.operationId}/cancel`);
  await ask('DELETE', `environments/${id}`);
  await ask('GET', 'backup/audit?limit=200');
  await ask('GET', 'progress/health/status');
  return answers;
}

it('no password, token, key or hash is in any answer or log line', async () => {
  const owner = await accountOf(plane.database, 'owner');
  const signIn = { email: owner.email, password: TEST_PASSWORD, kind: 'token' };
  const session = (await api.ask('POST', '/api/v1/auth/sign-in', { body: signIn })).body.token as string;
  const apiToken = owner.token;
  const answers = await useEverything({ ...owner, token: session });
  const created = await api.ask('POST', '/api/v1/tokens', { token: session, body: { name: 't', expiresInDays: 1 } });
  await api.ask('GET', '/api/v1/auth/me', { token: created.body.token });

  expect(answers.map(({ status }) => status)).toContain(202);
  const everything = JSON.stringify(answers.map(({ body, headers }) => [body, [...headers]]));
  const log = logged.join('');
  expect(log).toContain('/api/v1/environments');
  const secrets = [
    DATABASE_PASSWORD,
    TEST_PASSWORD,
    session,
    apiToken,
    created.body.token,
    TEST_MASTER_KEY.toString('base64'),
  ];
  for (const secret of [...secrets, '$argon2id$', 'v1.']) {
    expect(everything.includes(secret), `an answer holds ${secret.slice(0, 8)}…`).toBe(false);
    if (secret !== 'v1.') expect(log.includes(secret), `the log holds ${secret.slice(0, 8)}…`).toBe(false);
  }
});
