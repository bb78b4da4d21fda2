import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { PostgresTarget } from '@holdfast/engine';
import { connect } from '@holdfast/testing';
import { person, type ProjectAccess } from '@holdfast/testing/supabase';
import { createClient } from '@supabase/supabase-js';
import PQueue from 'p-queue';
import type pg from 'pg';

const PAGE = 200;
const AT_ONCE = 8;
const TIMEOUT_MS = 120_000;

/** A project by its server and its database. */
export interface ProjectPlace extends Pick<ProjectAccess, 'url' | 'serviceRoleKey'> {
  anonKey: string;
  target: PostgresTarget;
}

/** How two projects' objects differ; an empty list: not at all. */
export interface ObjectComparison {
  objects: number;
  differing: string[];
}

interface ObjectRow {
  bucket: string;
  key: string;
  owner: string | null;
  created: string;
}

const LIST = `SELECT bucket_id AS bucket, name AS key, owner_id AS owner, created_at::text AS created
  FROM storage.objects WHERE (bucket_id COLLATE "C", name COLLATE "C") > ($1, $2)
  ORDER BY bucket_id COLLATE "C", name COLLATE "C" LIMIT ${PAGE}`;

/** Pages through the rows of all objects, in the order of their bytes. */
async function* objectPages(client: pg.Client): AsyncGenerator<ObjectRow[]> {
  let last: ObjectRow | undefined;
  do {
    const { rows } = await client.query<ObjectRow>(LIST, [last?.bucket ?? '', last?.key ?? '']);
    if (rows.length > 0) yield rows;
    last = rows.at(-1);
  } while (last);
}

/** Compares every object of two projects by what their servers answer: bytes, content type, cache control, metadata. */
export async function compareObjects(expected: ProjectPlace, found: ProjectPlace): Promise<ObjectComparison> {
  const [before, after] = [await connect(expected.target), await connect(found.target)];
  const differing: string[] = [];
  let objects = 0;
  try {
    const other = objectPages(after);
    for await (const rows of objectPages(before)) {
      const twins = (await other.next()).value as ObjectRow[] | undefined;
      const queue = new PQueue({ concurrency: AT_ONCE });
      rows.forEach((row, index) => {
        void queue.add(async () => {
          const same = isDeepStrictEqual(row, twins?.[index]) && (await isSameObject(expected, found, row));
          if (!same) differing.push(`${row.bucket}/${row.key}`);
        });
      });
      await queue.onIdle();
      objects += rows.length;
    }
    const more = (await other.next()).value as ObjectRow[] | undefined;
    differing.push(...(more ?? []).map(({ bucket, key }) => `${bucket}/${key} (more than there was)`));
  } finally {
    await Promise.all([before.end(), after.end()]);
  }
  return { objects, differing };
}

async function isSameObject(a: ProjectPlace, b: ProjectPlace, row: ObjectRow): Promise<boolean> {
  const [one, two] = await Promise.all([lookAtObject(a, row), lookAtObject(b, row)]);
  return isDeepStrictEqual(one, two);
}

/** What a project's server says of an object, with the SHA-256 of its bytes. */
async function lookAtObject(
  { url, serviceRoleKey }: Pick<ProjectPlace, 'url' | 'serviceRoleKey'>,
  { bucket, key }: Pick<ObjectRow, 'bucket' | 'key'>,
) {
  // Each segment encoded: supabase-js sends another name for some.
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  const headers = { authorization: `Bearer ${serviceRoleKey}` };
  const ask = (at: string) =>
    fetch(`${url}/storage/v1/object${at}/${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const answer = await ask('');
  const hash = createHash('sha256');
  for await (const piece of answer.body ?? []) hash.update(piece);
  const info = (await (await ask('/info')).json()) as Record<string, unknown>;
  return {
    status: answer.status,
    sha256: hash.digest('hex'),
    contentType: answer.headers.get('content-type'),
    cacheControl: answer.headers.get('cache-control'),
    // The header is another one for what a browser would run.
    trueType: info['content_type'],
    metadata: info['metadata'],
    size: info['size'],
  };
}

/** Signs in every user that the demo made, with the password of then; answers how many there are, and who cannot. */
export async function trySignIns(place: ProjectPlace): Promise<{ users: number; refused: string[] }> {
  const client = await connect(place.target);
  const { rows } = await client.query<{ users: number }>('SELECT count(*)::int AS users FROM auth.users');
  await client.end();
  const users = rows[0]?.users ?? 0;
  const refused: string[] = [];
  const queue = new PQueue({ concurrency: AT_ONCE });
  for (let n = 1; n <= users; n++) {
    void queue.add(async () => {
      const { email, password } = person(n);
      const supabase = createClient(place.url, place.anonKey, { auth: { persistSession: false } });
      const { data, error } = await supabase.auth.signInWithPassword({ email, password });
      if (error || data.user.id !== person(n).id) refused.push(email);
      await supabase.auth.stopAutoRefresh();
    });
  }
  await queue.onIdle();
  return { users, refused };
}

/** Calls functions of two projects; answers the slugs whose answers differ, or are no success. */
export async function compareFunctions(a: ProjectPlace, b: ProjectPlace, slugs: string[]): Promise<string[]> {
  const differing: string[] = [];
  for (const slug of slugs) {
    const [one, two] = await Promise.all([callFunction(a, slug), callFunction(b, slug)]);
    if (one.status !== 200 || !isDeepStrictEqual(one, two)) differing.push(slug);
  }
  return differing;
}

async function callFunction({ url, anonKey }: ProjectPlace, slug: string) {
  const answer = await fetch(`${url}/functions/v1/${slug}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${anonKey}`, 'content-type': 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}
