import { Readable } from 'node:stream';
import type { ProjectAccess } from '../project-server.ts';
import { encodeKey } from '../storage/names.ts';
import { BUCKETS, bytesOf, type PlannedObject } from './object-plan.ts';
import { person } from './people.ts';

const AT_ONCE = 12;
const TIMEOUT_MS = 120_000;

/** Makes the buckets, and uploads objects over HTTP as their owners' server would. */
export async function fillObjects(server: ProjectAccess, plan: Iterable<PlannedObject>): Promise<PlannedObject[]> {
  for (const { id, ...rules } of BUCKETS) {
    await ask(server, 'POST', '/bucket', server.serviceRoleKey, {
      body: JSON.stringify({ id, name: id, ...rules }),
      headers: { 'content-type': 'application/json' },
    });
  }
  const made: PlannedObject[] = [];
  const queue = plan[Symbol.iterator]();
  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      made.push(next.value);
      await upload(server, next.value);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return made;
}

async function upload(server: ProjectAccess, object: PlannedObject): Promise<void> {
  const { bucket, key, contentType, cacheControl, userMetadata, owner } = object;
  const sub = owner === null ? {} : { sub: person(owner).id };
  const token = await server.tokens.sign({ role: 'service_role', ...sub }, 3600);
  const metadata = userMetadata && Buffer.from(JSON.stringify(userMetadata)).toString('base64');
  await ask(server, 'POST', `/object/${encodeKey(`${bucket}/${key}`)}`, token, {
    body: object.size === 0 ? '' : Readable.toWeb(Readable.from(bytesOf(object))),
    headers: {
      'content-type': contentType,
      'cache-control': cacheControl,
      ...(metadata && { 'x-metadata': metadata }),
    },
  });
}

async function ask(
  server: ProjectAccess,
  method: string,
  path: string,
  token: string,
  { body, headers }: { body: RequestInit['body']; headers: Record<string, string> },
): Promise<void> {
  const answer = await fetch(`${server.url}/storage/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    body,
    duplex: 'half',
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
}
