import { OperationError } from '@holdfast/contracts';

const SLUG = /^[A-Za-z0-9][\w-]*$/;

/** A self-hosted project's own function: it passes requests on to the others, which the platform does itself. */
export const ROUTER = 'main';

/** Whether a function can have this name, in addresses and as a folder. */
export const isSlug = (name: string): boolean => SLUG.test(name);

/** Whether a file of this name holds a self-hosted project's variables. */
export const isEnv = (name: string): boolean => name.startsWith('.env');

/**
 * A file's path that stays below where it is put: relative, of real names, with `/` between them. Throws
 * `functions.path_refused` with the name (`named`: as people know it) for any other.
 */
export function safePath(path: string, named = path): string {
  const names = path.split('/');
  const bad = path === '' || path.includes('\0') || names.some((name) => name === '' || name === '.' || name === '..');
  if (bad) throw refusedPath(named);
  return path;
}

/** A function's name in addresses and directories. Throws `functions.path_refused`. */
export function safeSlug(slug: string): string {
  if (!isSlug(slug)) throw refusedPath(slug);
  return slug;
}

export const refusedPath = (path: string, why = 'would leave its directory'): OperationError =>
  new OperationError('functions.path_refused', `The file ${JSON.stringify(path)} ${why}`, {
    hint: 'Restore without this function, or rename the file in the project and back it up again.',
  });

/** Everything before the last name; '' if there is only one. */
export const dirOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0));
export const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
