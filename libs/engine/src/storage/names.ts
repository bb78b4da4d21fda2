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

  asGap(code: string, reason: string): CoverageGap[] {
    return this.count === 0 ? [] : [{ code, subjects: this.shown, count: this.count, reason }];
  }
}
