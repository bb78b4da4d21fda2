import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { connect } from '../../throwaway-postgres.ts';
import type { ProjectServer } from '../project-server.ts';
import { bytesOf } from './object-plan.ts';

const BATCH = 2000;

const INSERT = `
insert into storage.objects (id, bucket_id, name, version, metadata)
  select id, $1, name, id::text, jsonb_build_object('eTag', etag, 'size', $5::bigint, 'mimetype',
    'application/octet-stream', 'cacheControl', 'max-age=3600', 'lastModified', now(), 'contentLength', $5::bigint,
    'httpStatusCode', 200)
  from unnest($2::uuid[], $3::text[], $4::text[]) as object (id, name, etag)`;

/** Many objects of one size named `<prefix><n>`, rows and files at once: for counts that HTTP would take minutes for. */
export async function plantObjects(
  server: ProjectServer,
  target: PostgresTarget,
  o: { bucket: string; count: number; size: number; prefix?: string },
): Promise<void> {
  const client = await connect(target);
  try {
    for (let from = 0; from < o.count; from += BATCH) {
      const names = Array.from(
        { length: Math.min(BATCH, o.count - from) },
        (_, i) => `${o.prefix ?? 'many/'}${from + i}`,
      );
      const ids = names.map((name) => uuidOf(`${o.bucket}/${name}`));
      const tags = await Promise.all(names.map((key, i) => plantBytes(server, o.bucket, key, ids[i]!, o.size)));
      await client.query(INSERT, [o.bucket, ids, names, tags, o.size]);
    }
  } finally {
    await client.end();
  }
}

/** One object of zeros that takes no space on most file systems; its eTag is one of a resumable upload. */
export async function plantSparseObject(
  server: ProjectServer,
  target: PostgresTarget,
  o: { bucket: string; key: string; size: number },
): Promise<void> {
  const id = uuidOf(`${o.bucket}/${o.key}`);
  const path = server.blobs.path({ bucket: o.bucket, id, version: id });
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    await file.truncate(o.size);
  } finally {
    await file.close();
  }
  const client = await connect(target);
  try {
    const tag = `"${createHash('md5').update(o.key).digest('hex')}-${Math.ceil(o.size / (6 * 1024 ** 2))}"`;
    await client.query(INSERT, [o.bucket, [id], [o.key], [tag], o.size]);
  } finally {
    await client.end();
  }
}

async function plantBytes(server: ProjectServer, bucket: string, key: string, id: string, size: number) {
  const bytes = Buffer.concat([...bytesOf({ bucket, key, size })]);
  const path = server.blobs.path({ bucket, id, version: id });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

const uuidOf = (text: string): string =>
  createHash('md5')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
