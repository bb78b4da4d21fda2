import { OperationError } from '@holdfast/contracts';
import { belowRoot } from '../http/below-root.ts';

/** The path without `..`, doubled or trailing slashes; throws `repository.path_refused` unless it lies under a root. */
export function repositoryPath(given: string, roots: readonly string[]): string {
  const path = belowRoot(given, roots);
  if (path !== null) return path;
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
