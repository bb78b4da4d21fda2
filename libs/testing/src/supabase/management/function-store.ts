import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ManagementError } from './management-error.ts';

/** A function in the words of the Management API; times are milliseconds. */
export interface FunctionRecord {
  id: string;
  slug: string;
  name: string;
  status: 'ACTIVE' | 'REMOVED' | 'THROTTLED';
  version: number;
  created_at: number;
  updated_at: number;
  verify_jwt: boolean;
  import_map: boolean;
  entrypoint_path: string;
  import_map_path: string | null;
  ezbr_sha256: string;
}

/** What a deploy says about the function. */
export interface DeployMetadata {
  entrypoint_path?: string;
  import_map_path?: string;
  static_patterns?: string[];
  verify_jwt?: boolean;
  name?: string;
}

interface Kept {
  record: FunctionRecord;
  metadata: DeployMetadata;
  /** Paths as they were sent, in that order; the n-th lies in the file `<n>`. */
  paths: string[];
}

/** Functions in files: `<dir>/<slug>/{function.json,0,1,…}`. A sent path never becomes a path here. */
export class FunctionStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async list(): Promise<FunctionRecord[]> {
    const slugs = await readdir(this.#dir).catch(() => []);
    const all = await Promise.all(slugs.filter((slug) => !slug.startsWith('.')).map((slug) => this.get(slug)));
    return all.map(({ record }) => record).sort((a, b) => (a.slug < b.slug ? -1 : 1));
  }

  async get(slug: string): Promise<Kept> {
    const text = await readFile(this.#path(slug, 'function.json'), 'utf8').catch(() => null);
    if (text === null) throw new ManagementError(404, 'Function not found');
    return JSON.parse(text) as Kept;
  }

  /** A place for a deploy's files; `keep` makes them the function. */
  async begin(): Promise<Deploy> {
    const path = join(this.#dir, `.deploy-${randomUUID()}`);
    await mkdir(path, { recursive: true });
    return { path, paths: [], hash: createHash('sha256') };
  }

  async receive(deploy: Deploy, path: string, source: Readable): Promise<void> {
    const n = deploy.paths.push(path) - 1;
    deploy.hash.update(`${path}\0`);
    const measured = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        deploy.hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(source, measured, createWriteStream(join(deploy.path, String(n))));
  }

  async keep(deploy: Deploy, slug: string, metadata: DeployMetadata): Promise<FunctionRecord> {
    if (!metadata.entrypoint_path || !deploy.paths.includes(metadata.entrypoint_path)) {
      throw new ManagementError(400, 'Entrypoint path does not exist among the files');
    }
    const before = await this.get(slug).catch(() => null);
    const record: FunctionRecord = {
      id: before?.record.id ?? randomUUID(),
      slug,
      name: metadata.name ?? slug,
      status: 'ACTIVE',
      version: (before?.record.version ?? 0) + 1,
      created_at: before?.record.created_at ?? Date.now(),
      updated_at: Date.now(),
      verify_jwt: metadata.verify_jwt ?? true,
      import_map: Boolean(metadata.import_map_path),
      entrypoint_path: `source/${metadata.entrypoint_path}`,
      import_map_path: metadata.import_map_path ? `source/${metadata.import_map_path}` : null,
      ezbr_sha256: deploy.hash.digest('hex'),
    };
    const kept: Kept = { record, metadata, paths: deploy.paths };
    await writeFile(join(deploy.path, 'function.json'), JSON.stringify(kept));
    await rm(this.#path(slug), { recursive: true, force: true });
    await rename(deploy.path, this.#path(slug));
    return record;
  }

  discard = (deploy: Deploy): Promise<void> => rm(deploy.path, { recursive: true, force: true });

  async change(slug: string, change: Partial<Pick<FunctionRecord, 'name' | 'verify_jwt'>>): Promise<FunctionRecord> {
    const kept = await this.get(slug);
    const record = { ...kept.record, ...change, version: kept.record.version + 1, updated_at: Date.now() };
    await writeFile(this.#path(slug, 'function.json'), JSON.stringify({ ...kept, record }));
    return record;
  }

  async remove(slug: string): Promise<void> {
    await this.get(slug);
    await rm(this.#path(slug), { recursive: true });
  }

  open = (slug: string, n: number): Readable => createReadStream(this.#path(slug, String(n)));

  #path(slug: string, ...more: string[]): string {
    if (!/^[A-Za-z][\w-]*$/.test(slug)) throw new ManagementError(400, 'Invalid function slug');
    return join(this.#dir, slug, ...more);
  }
}

/** A deploy under way. */
export interface Deploy {
  path: string;
  paths: string[];
  hash: ReturnType<typeof createHash>;
}
