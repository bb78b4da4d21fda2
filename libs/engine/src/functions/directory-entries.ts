import type { FunctionEntry } from './function-list.ts';
import { baseOf, dirOf, isSlug } from './function-paths.ts';
import type { DirectoryFile, DirectoryList } from './functions-directory.ts';

const ENTRYPOINTS = ['ts', 'tsx', 'mts', 'js', 'jsx', 'mjs'].map((ending) => `index.${ending}`);
const IMPORT_MAPS = ['deno.json', 'deno.jsonc', 'import_map.json'];

type DirectoryEntry = Omit<FunctionEntry, 'files' | 'variables'> & {
  files: DirectoryFile[];
  variables: DirectoryFile[];
};

const topOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

/** Which file of a folder has one of these names; the first name wins. */
const firstOf = (paths: string[], folder: string, names: string[]): string | null =>
  names.map((name) => `${folder}/${name}`).find((path) => paths.includes(path)) ?? null;

/**
 * The entrypoint of a deployed function of which none is known: the only file with such a name at the top or in the
 * function's own folder. Among several we do not guess.
 */
export function likelyEntrypoint(paths: string[], slug: string): string | null {
  const isOwn = (folder: string): boolean =>
    folder === '' || folder === slug || `/${folder}`.endsWith(`/functions/${slug}`);
  const [found, ...others] = paths.filter((path) => ENTRYPOINTS.includes(baseOf(path)) && isOwn(dirOf(path)));
  return found === undefined || others.length > 0 ? null : found;
}

/**
 * The functions of a directory: each folder with an entrypoint is one. All else, `_shared` above all, is for all of them
 * and comes first.
 */
export function entriesOfDirectory({ files, variables }: DirectoryList): DirectoryEntry[] {
  const entrypoints = files.filter(({ path }) => {
    const folder = dirOf(path);
    return isSlug(folder) && ENTRYPOINTS.includes(baseOf(path));
  });
  const slugs = [...new Set(entrypoints.map(({ path }) => dirOf(path)))].sort();
  const ownerOf = ({ path }: DirectoryFile): string | null => (slugs.includes(topOf(path)) ? topOf(path) : null);
  const entryOf = (slug: string | null): DirectoryEntry => {
    const own = files.filter((file) => ownerOf(file) === slug);
    const paths = own.map(({ path }) => path);
    return {
      ...{ slug, name: slug ?? 'shared', status: null, version: null, updatedAt: null, verifyJwt: null, digest: null },
      entrypointPath: slug === null ? null : firstOf(paths, slug, ENTRYPOINTS),
      importMapPath: slug === null ? null : firstOf(paths, slug, IMPORT_MAPS),
      files: own,
      variables: variables.filter((file) => ownerOf(file) === slug),
    };
  };
  const shared = entryOf(null);
  const some = shared.files.length + shared.variables.length > 0;
  return [...(some ? [shared] : []), ...slugs.map(entryOf)];
}
