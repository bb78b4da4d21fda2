import type { StepProgress } from '@holdfast/contracts';

/** What every verb is given: when to stop, and whom to tell how far it is. */
export interface Run {
  signal: AbortSignal;
  onProgress?: (progress: StepProgress) => void;
}

/** Counts a verb's work over its steps and tells it, at most ten times a second for each step. */
export class Meter {
  private readonly run: Run;
  private current: StepProgress = { step: '', done: 0, total: null, unit: 'bytes', bytes: 0, rows: 0 };
  private told = 0;

  constructor(run: Run) {
    this.run = run;
  }

  /** Begins a step. */
  step(step: string, unit: StepProgress['unit'], total: number | null): void {
    this.current = { ...this.current, step, unit, total, done: 0 };
    this.tell(true);
  }

  /** Adds work to the running step. */
  add(done: number, bytes = 0, rows = 0): void {
    this.current.done += done;
    this.current.bytes += bytes;
    this.current.rows += rows;
    // an estimate that proved too small grows with what is done
    const { total } = this.current;
    if (total !== null && this.current.done > total) this.current.total = this.current.done;
    this.tell(false);
  }

  private tell(always: boolean): void {
    const now = Date.now();
    if (!always && now - this.told < 100) return;
    this.told = now;
    this.run.onProgress?.({ ...this.current });
  }
}
