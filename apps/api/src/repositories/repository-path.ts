import { isAbsolute, normalize, relative, sep } from 'node:path';
import { OperationError } from '@holdfast/contracts';

/** The path without `..`, doubled or trailing slashes; throws `repository.path_refused` unless it lies under a root. */
export function repositoryPath(given: string, roots: readonly string[]): string {
  const path = normalize(given).replace(/(.)\/+$/, '$1');
  const inside = (root: string): boolean => {
    const below = relative(root, path);
    return below !== '' && !isAbsolute(below) && below !== '..' && !below.startsWith(`..${sep}`);
  };
  if (isAbsolute(given) && !given.includes('\0') && roots.some(inside)) return path;
  throw new OperationError(
    'repository.path_refused',
    'Local repositories lie below one of the configured directories',
    {
      hint:
        roots.length === 0
          ? 'HOLDFAST_REPOSITORY_ROOTS names no directory.'
          : `Choose a directory below ${roots.join(' or ')} (HOLDFAST_REPOSITORY_ROOTS).`,
      errors: [{ at: 'path', message: 'lies below no allowed directory' }],
    },
  );
}
