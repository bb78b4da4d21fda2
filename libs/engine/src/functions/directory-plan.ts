import type { CoverageGap } from '@holdfast/contracts';
import { Names } from '../storage/names.ts';
import { hasSources, NO_ENTRYPOINT, type FunctionEntry, type FunctionFile } from './function-list.ts';
import { baseOf, dirOf, isEnv, refusedPath, ROUTER, safePath, safeSlug } from './function-paths.ts';

/** A file with its place below a functions directory. */
export interface PlacedFile {
  to: string;
  file: FunctionFile;
}

export interface DirectoryPlan {
  /** In the order they are written: what is shared, then each function, its entrypoint last. */
  files: PlacedFile[];
  slugs: string[];
  gaps: CoverageGap[];
}

/** What is named of a plan, and why. */
const GAPS = {
  'functions-missing': 'The backup has no sources of these functions.',
  'functions-entrypoint': NO_ENTRYPOINT,
  'functions-router':
    "Not written: a self-hosted project's own router lies there, through which all of its functions are called.",
  'functions-env': 'Not written: in such files a self-hosted project has variables of its own.',
  'functions-shared':
    'Functions were deployed with different versions of these files; in a directory they share the newest one.',
  'functions-verify-jwt':
    'Whether a token is asked for is one setting of a self-hosted project, not of a function: set it there.',
  'functions-import-map': "A self-hosted project looks for import maps only in the function's folder.",
};
type GapCode = keyof typeof GAPS;
const GAP_CODES = Object.keys(GAPS) as GapCode[];

/** Below what a function's paths are put: `supabase/functions/` for `supabase/functions/greet/index.ts`. */
function rootOf(entrypoint: string, slug: string): { root: string; into: string } {
  const folder = dirOf(entrypoint);
  // deployed without a folder of its own, as an editor in the browser does it
  if (baseOf(folder) !== slug) return { root: folder === '' ? '' : `${folder}/`, into: `${slug}/` };
  const above = dirOf(folder);
  return { root: above === '' ? '' : `${above}/`, into: '' };
}

/**
 * Where the files of a backup's functions lie in a self-hosted project's directory: `<slug>/…`, with what they share
 * beside them. Of a shared file that functions have in different versions the newest deployed one is taken. What was
 * deployed on the platform never takes the place of the directory's own router and variables. Throws
 * `functions.path_refused` for a file that would not lie below the directory.
 */
export function directoryPlan(entries: FunctionEntry[], fromDirectory: boolean): DirectoryPlan {
  const named = Object.fromEntries(GAP_CODES.map((code) => [code, new Names()])) as Record<GapCode, Names>;
  const asked = new Map<string, boolean>();
  const places = new Map<string, PlacedFile>();
  const slugs: string[] = [];
  const oldestFirst = [...entries].sort((a, b) => ((a.updatedAt ?? '') < (b.updatedAt ?? '') ? -1 : 1));
  const entrypoints = new Set<string>();
  for (const entry of oldestFirst) {
    const { slug, files, entrypointPath, importMapPath, verifyJwt } = entry;
    const name = slug === null ? 'shared' : safeSlug(slug);
    if (!fromDirectory && slug === ROUTER) {
      named['functions-router'].add(slug);
      continue;
    }
    if (files === null || (slug !== null && entrypointPath === null)) {
      named[hasSources(entry) ? 'functions-entrypoint' : 'functions-missing'].add(name);
      continue;
    }
    const { root, into } =
      slug !== null && entrypointPath !== null ? rootOf(entrypointPath, slug) : { root: '', into: '' };
    const placeOf = (path: string): string => {
      if (!path.startsWith(root)) throw refusedPath(path);
      return safePath(into + path.slice(root.length), path);
    };
    for (const file of files) {
      const to = placeOf(file.path);
      const kept = fromDirectory ? null : keptBy(to);
      if (kept !== null) {
        named[kept].add(`${name}: ${file.path}`);
        continue;
      }
      if (places.has(to) && places.get(to)?.file.sha256 !== file.sha256) named['functions-shared'].add(to);
      places.set(to, { to, file });
    }
    if (slug === null) continue;
    slugs.push(slug);
    if (entrypointPath !== null) entrypoints.add(placeOf(entrypointPath));
    if (verifyJwt !== null) asked.set(slug, verifyJwt);
    if (importMapPath !== null && dirOf(placeOf(importMapPath)) !== slug) {
      named['functions-import-map'].add(`${slug}: ${importMapPath}`);
    }
  }
  const rank = ({ to }: PlacedFile): number =>
    entrypoints.has(to) ? 2 : slugs.includes(to.split('/')[0] ?? '') ? 1 : 0;
  const ordered = [...places.values()].sort((a, b) => rank(a) - rank(b) || (a.to < b.to ? -1 : 1));
  refuseFoldersThatAreFiles(ordered);
  for (const slug of [...asked.keys()].sort()) {
    named['functions-verify-jwt'].add(`${slug}: ${asked.get(slug) ? 'yes' : 'no'}`);
  }
  const gaps = GAP_CODES.flatMap((code) => named[code].asGap(code, GAPS[code]));
  return { files: ordered, slugs: slugs.sort(), gaps };
}

/** Why a file is not written: a self-hosted project has its own in this place. */
function keptBy(to: string): GapCode | null {
  if (to.startsWith(`${ROUTER}/`)) return 'functions-router';
  return isEnv(baseOf(to)) ? 'functions-env' : null;
}

/** `a` and `a/b` cannot both be files. */
function refuseFoldersThatAreFiles(files: PlacedFile[]): void {
  const paths = new Set(files.map(({ to }) => to));
  for (const path of paths) {
    for (let above = dirOf(path); above !== ''; above = dirOf(above)) {
      if (paths.has(above)) throw refusedPath(above, 'is a folder for another file');
    }
  }
}
