import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountOf, startApi, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from './sample-backups.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let token: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const WORST = `x${'\u{1}'.repeat(198)}x`;
/** The longest names that people may give: JSON writes them in 1 to 4 bytes a character, and the worst in 6. */
const LONG = ['x'.repeat(200), '"'.repeat(200), '漢'.repeat(200), '🐘'.repeat(100), WORST];
// The short one, so that the worst is last in no order: a page ends with it, and a cursor names it.
const NAMES = ['a', ...LONG];

it.each(['name', '-name'])('pages by %s through names whose cursors are long', async (sort) => {
  const samples = samplesIn(plane.database);
  const of = { environment: await samples.environment(), repository: await samples.repository() };
  for (const name of NAMES) {
    const { id } = await samples.backup(of);
    const headers = { 'if-match': '*' };
    const named = await api.ask('PATCH', `/api/v1/backup/${id}`, { token, headers, body: { name } });
    expect(named).toMatchObject({ status: 200, body: { name } });
  }
  const list = `/api/v1/backup?environmentId=${of.environment.id}&sort=${sort}`;
  const seen: string[] = [];
  let [cursor, longest] = ['', 0];
  do {
    const page = await api.ask('GET', `${list}&limit=1${cursor && `&cursor=${cursor}`}`, { token });
    expect(page.status).toBe(200);
    seen.push(...page.body.items.map((item: { name: string }) => item.name));
    cursor = page.body.nextCursor ?? '';
    longest = Math.max(longest, cursor.length);
  } while (cursor);
  expect(seen.toSorted()).toEqual(NAMES.toSorted());
  expect(longest).toBeGreaterThan(1_600);
});
