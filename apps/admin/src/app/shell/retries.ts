const FIRST_MS = 2_000;
const LONGEST_MS = 15_000;
const GROWTH = 1.5;

/** Tries something again after a pause, and after a longer one each time until it is told to stop. */
export class Retries {
  private readonly again: () => void;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private pause = FIRST_MS;

  constructor(again: () => void) {
    this.again = again;
  }

  /** Once more after the pause; while one is awaited, that is the one. */
  later(): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.again();
    }, this.pause);
    this.pause = Math.min(this.pause * GROWTH, LONGEST_MS);
  }

  /** It is done, or nobody wants it any more. The next time begins with the first pause. */
  stop(): void {
    clearTimeout(this.timer ?? undefined);
    this.timer = null;
    this.pause = FIRST_MS;
  }
}
