import type { CoverageGap } from '@holdfast/contracts';
import { Names } from '../storage/names.ts';
import { hasSources, NO_ENTRYPOINT, type FunctionEntry, type FunctionFile } from './function-list.ts';
import { baseOf, refusedPath, ROUTER, safePath, safeSlug } from './function-paths.ts';
import type { DeployMetadata } from './management-client.ts';

/** A function as it is deployed. */
export interface Deploy {
  slug: string;
  metadata: DeployMetadata;
  files: FunctionFile[];
  /** As the API gave it when the backup was taken. */
  digest: string | null;
}

/** Where a folder of functions lies in a project, as the command line deploys it. */
const PREFIX = 'supabase/functions/';
const CODE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const CONFIGURATION = new Set(['deno.json', 'deno.jsonc', 'import_map.json', 'deno.lock', 'package.json', '.npmrc']);

/** What is neither code nor configuration is given to a function as it is. */
const isStatic = (path: string): boolean => !CODE.test(path) && !CONFIGURATION.has(baseOf(path));

/** The deploys of a backup's functions, and what cannot be deployed. Throws `functions.path_refused`. */
export function deploysOf(
  entries: FunctionEntry[],
  fromDirectory: boolean,
): { deploys: Deploy[]; gaps: CoverageGap[] } {
  const missing = new Names();
  const undeployable = new Names();
  const routers = new Names();
  const tokens = new Names();
  const shared = entries.filter(({ slug }) => slug === null).flatMap(({ files }) => files ?? []);
  const deploys: Deploy[] = [];
  for (const entry of entries) {
    const { slug, name, files, entrypointPath, importMapPath, verifyJwt, digest } = entry;
    if (slug === null) continue;
    safeSlug(slug);
    if (fromDirectory && slug === ROUTER) routers.add(slug);
    else if (files === null || !hasSources(entry)) missing.add(slug);
    else if (entrypointPath === null) undeployable.add(slug);
    else {
      const prefix = fromDirectory ? PREFIX : '';
      if (verifyJwt === null) tokens.add(slug);
      const own = [...files, ...(fromDirectory ? shared : [])];
      const placed = own.map((file) => ({ ...file, path: deployable(`${prefix}${file.path}`) }));
      const metadata: DeployMetadata = {
        ...{ name, verify_jwt: verifyJwt ?? true, entrypoint_path: `${prefix}${entrypointPath}` },
        ...(importMapPath === null ? {} : { import_map_path: `${prefix}${importMapPath}` }),
        static_patterns: placed.map(({ path }) => path).filter(isStatic),
      };
      deploys.push({ slug, metadata, files: placed, digest });
    }
  }
  const gaps = [
    ...missing.asGap('functions-missing', 'The backup has no sources of these functions.'),
    ...undeployable.asGap('functions-entrypoint', NO_ENTRYPOINT),
    ...routers.asGap(
      'functions-router',
      'The router of a self-hosted project is not deployed: the platform has its own.',
    ),
    ...tokens.asGap(
      'functions-verify-jwt',
      'A directory does not say whether a token is asked for: it is asked for now.',
    ),
  ];
  return { deploys, gaps };
}

/** A path that can stand in a form. */
function deployable(path: string): string {
  if (/[\r\n]/.test(path)) throw refusedPath(path, 'cannot be deployed under this name');
  return safePath(path);
}
