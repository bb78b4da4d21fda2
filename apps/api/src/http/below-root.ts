import { isAbsolute, normalize, relative, sep } from 'node:path';

/** The path without `..`, doubled or trailing slashes; null unless it is absolute and lies below one of the roots. */
export function belowRoot(given: string, roots: readonly string[]): string | null {
  const path = normalize(given).replace(/(.)\/+$/, '$1');
  const inside = (root: string): boolean => {
    const below = relative(root, path);
    return below !== '' && !isAbsolute(below) && below !== '..' && !below.startsWith(`..${sep}`);
  };
  return isAbsolute(given) && !given.includes('\0') && roots.some(inside) ? path : null;
}
