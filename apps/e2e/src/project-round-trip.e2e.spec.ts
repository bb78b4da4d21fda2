import type { RestoreReport } from '@holdfast/contracts';
import { once } from '@holdfast/testing';
import { person } from '@holdfast/testing/supabase';
import { compareObjects } from '@holdfast/tools/project-figures';
import type { DemoProject } from '@holdfast/tools/demo-projects';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectBalanced, startLedger } from './ledger.ts';
import { completed, rowsOf, startBackup, startProduct, startRestore, type Product } from './product.ts';

const PEOPLE = [1, 2, 3, 4, 5];
const MINE = (n: number): string => `round trip/of person ${n}.txt`;
const SETTINGS = { auth: { persistSession: false, autoRefreshToken: false } };

let product: Product;
let cloud: DemoProject;
let local: DemoProject;

beforeAll(async () => {
  product = await startProduct({ demo: true });
  ({ 'demo-cloud': cloud, 'demo-local': local } = product.stack.demo!);
});
afterAll(() => product?.stop());

/** A user of a project, signed in with the password of the first day. */
async function signedIn({ url, anonKey }: DemoProject, n: number): Promise<SupabaseClient> {
  const client = createClient(url, anonKey, SETTINGS);
  const { data, error } = await client.auth.signInWithPassword(person(n));
  expect([n, error, data.user?.id]).toEqual([n, null, person(n).id]);
  return client;
}

const done = <T>({ data, error }: { data: T; error: unknown }): T => {
  expect(error).toBeNull();
  return data;
};

/** What people do in a project: files with metadata of their own, and rows. */
async function use(project: DemoProject): Promise<void> {
  for (const n of PEOPLE) {
    const user = await signedIn(project, n);
    const options = {
      contentType: 'text/x-note',
      cacheControl: '77',
      metadata: { 'poznámka 🐎': n, of: person(n).id },
    };
    done(await user.storage.from('documents').upload(MINE(n), `only for ${n}`, options));
    done(await user.from('notes').insert({ body: `a note by ${n}` }));
  }
}

/** Takes away what a project holds: objects with their bytes, users, tables. */
async function wipe({ url, serviceRoleKey, target }: DemoProject): Promise<void> {
  const { storage } = createClient(url, serviceRoleKey, SETTINGS);
  for (const { id } of done(await storage.listBuckets()) ?? []) {
    done(await storage.emptyBucket(id));
    done(await storage.deleteBucket(id));
  }
  await once(target, 'drop table public.notes, public.profiles cascade; delete from auth.users');
}

async function backUpWhileWriting(): Promise<{ backupId: string; least: number; most: number }> {
  const ledger = await startLedger(cloud.target);
  try {
    const environmentId = product.stack.registered.demo!['demo-cloud'];
    const least = await ledger.count();
    const { backupId } = await completed(product.api, await startBackup(product.api, environmentId), 180);
    const most = await ledger.count();
    return { backupId: backupId ?? '', least, most };
  } finally {
    await ledger.stop();
  }
}

/** Over the self-hosted project, which is refused until its name is typed. */
async function restoreOverLocal(backupId: string): Promise<RestoreReport> {
  const over = { environmentId: product.stack.registered.demo!['demo-local'], overwrite: true };
  const params = { path: { id: backupId } };
  const refused = await product.api.POST('/api/v1/backup/{id}/restore', { params, body: over });
  expect(refused.error?.code).toBe('restore.wrong_target');
  const restoring = await startRestore(product.api, backupId, { ...over, confirm: 'demo-local' });
  return (await completed(product.api, restoring, 180)).result as unknown as RestoreReport;
}

/** Each of five people has what is theirs, and nothing of the next one's. */
async function expectPolicies(): Promise<void> {
  for (const n of PEOPLE) {
    const user = await signedIn(local, n);
    const owners = done(await user.from('notes').select('owner,body'));
    expect(owners?.map(({ owner }) => owner)).toEqual(Array(4).fill(person(n).id));
    expect(owners?.at(-1)?.body).toBe(`a note by ${n}`);
    const documents = user.storage.from('documents');
    expect(await done(await documents.download(MINE(n)))?.text()).toBe(`only for ${n}`);
    expect((await documents.download(MINE(n === 5 ? 1 : n + 1))).data).toBeNull();
    const forged = await user.from('notes').insert({ owner: person(n === 5 ? 1 : n + 1).id, body: 'forged' });
    expect(forged.error?.message).toContain('row-level security');
  }
  const info = done(await (await signedIn(local, 1)).storage.from('documents').info(MINE(1)));
  expect(info).toMatchObject({ contentType: 'text/x-note', metadata: { 'poznámka 🐎': 1, of: person(1).id } });
}

/** Each function answers as in the project it came from; one that asks who calls knows the user's token. */
async function expectFunctions(): Promise<void> {
  const user = await signedIn(local, 3);
  const call = async (name: string, body?: object) => done(await user.functions.invoke(name, body ? { body } : {}));
  expect(await call('greet', { name: 'Žofie' })).toEqual({ greeting: 'Ahoj Žofie' });
  expect(await call('whoami')).toEqual({ sub: person(3).id, role: 'authenticated' });
  expect(await call('total')).toEqual({ total: 114 });
}

it('a project comes back over another one while its own was written to: sign-ins, rows, objects, functions, policies', async () => {
  await use(cloud);
  const { backupId, least, most } = await backUpWhileWriting();
  expect(most).toBeGreaterThan(least);
  await wipe(local);
  expect(await rowsOf(local.target, 'select from storage.objects')).toEqual([]);

  const report = await restoreOverLocal(backupId);
  expect([report.differenceCount, report.differences]).toEqual([0, []]);
  expect(await compareObjects(cloud, local)).toEqual({ objects: 1000 + PEOPLE.length, differing: [] });
  await expectPolicies();
  await expectFunctions();
  const transfers = await expectBalanced(local.target);
  expect(transfers).toBeGreaterThanOrEqual(least);
  expect(transfers).toBeLessThan(most);
  const users = await rowsOf(
    local.target,
    'select count(*)::int as n from auth.users join auth.identities on user_id = users.id',
  );
  expect(users).toEqual([{ n: 50 }]);
});
