import type { CoverageGap } from '@holdfast/contracts';

const NAMES_SHOWN = 20;

/** Names of a gap, of which only the first are kept. */
export class Names {
  readonly shown: string[] = [];
  count = 0;

  add(name: string): void {
    this.count++;
    if (this.shown.length < NAMES_SHOWN) this.shown.push(name);
  }

  /** By name, whatever order they were met in: transfers overtake each other. */
  asGap(code: string, reason: string): CoverageGap[] {
    return this.count === 0 ? [] : [{ code, subjects: [...this.shown].sort(), count: this.count, reason }];
  }
}

/**
 * Whether a name can be asked for over HTTP and mean itself. A proxy on the way takes `.` and `..` out of a path, and
 * with the service key the request would reach another object, in another bucket even.
 */
export const canBeAsked = (bucket: string, key: string | null): boolean =>
  bucket !== '' && [bucket, key ?? ''].every((name) => name.split('/').every((part) => part !== '.' && part !== '..'));
