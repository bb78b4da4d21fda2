import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FunctionStore } from '../management/function-store.ts';

/** A function that can be started. */
export interface ServedFunction {
  /** Changes whenever its sources do. */
  version: string;
  verifyJwt: boolean;
  root: string;
  entrypoint: string;
  importMap: string | null;
}

/** Where the functions that are served come from; null: there is no such function. */
export type FunctionSources = (slug: string) => Promise<ServedFunction | null>;

const SLUG = /^[A-Za-z][\w-]*$/;
const ENTRYPOINTS = ['ts', 'tsx', 'mts', 'js', 'jsx', 'mjs'].map((ending) => `index.${ending}`);
const IMPORT_MAPS = ['deno.json', 'deno.jsonc', 'import_map.json'];

/** Functions that were deployed through the Management API: unpacked once for each version, below `dir`. */
export function deployedFunctions(store: FunctionStore, dir: string): FunctionSources {
  return async (slug) => {
    if (!SLUG.test(slug)) return null;
    const kept = await store.get(slug).catch(() => null);
    if (!kept) return null;
    const { record, metadata, paths } = kept;
    const version = `${record.id}-${record.version}`;
    const root = join(dir, version);
    if (!(await stat(root).catch(() => null))) {
      const unpacking = `${root}.${process.hrtime.bigint()}`;
      for (const [n, path] of paths.entries()) {
        const at = inside(unpacking, path);
        await mkdir(dirname(at), { recursive: true });
        await pipeline(store.open(slug, n), createWriteStream(at));
      }
      // Two requests may have unpacked it at once.
      await rename(unpacking, root).catch(() => rm(unpacking, { recursive: true }));
    }
    const { entrypoint_path = '', import_map_path } = metadata;
    const importMap = import_map_path ? inside(root, import_map_path) : null;
    return { version, root, importMap, verifyJwt: record.verify_jwt, entrypoint: inside(root, entrypoint_path) };
  };
}

function inside(root: string, path: string): string {
  const at = normalize(path);
  if (at.startsWith('/') || at === '..' || at.startsWith('../')) throw new Error(`${path} leaves the function`);
  return join(root, at);
}

/**
 * Functions of a self-hosted project: a folder each below `dir`, read where they lie. One switch says for all of them
 * whether a token is asked for. The real service must be started anew after a change; here a change is noticed.
 */
export function directoryFunctions(dir: string, verifyJwt: boolean): FunctionSources {
  return async (slug) => {
    if (!SLUG.test(slug)) return null;
    const files = new Set(await readdir(join(dir, slug)).catch(() => []));
    const entrypoint = ENTRYPOINTS.find((name) => files.has(name));
    if (!entrypoint) return null;
    const importMap = IMPORT_MAPS.find((name) => files.has(name));
    return {
      version: await newest(dir),
      verifyJwt,
      root: dir,
      entrypoint: join(dir, slug, entrypoint),
      importMap: importMap ? join(dir, slug, importMap) : null,
    };
  };
}

async function newest(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const times = await Promise.all(
    files.map(({ parentPath, name }) => stat(join(parentPath, name)).then(({ mtimeMs, ino }) => `${mtimeMs} ${ino}`)),
  );
  return times.sort().join();
}

/** The variables of `<dir>/.env`, which a self-hosted project gives to its functions; lines of NAME=value. */
export async function variablesOf(dir: string): Promise<Record<string, string>> {
  const text = await readFile(join(dir, '.env'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line));
  return Object.fromEntries(
    lines.flatMap((line) => (line ? [[line[1]!, line[2]!.replace(/^(["'])(.*)\1$/, '$2')]] : [])),
  );
}
