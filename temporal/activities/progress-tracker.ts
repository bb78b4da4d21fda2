import { OPERATION_STEPS } from '@holdfast/contracts';
import type { OperationKind, Progress, ProgressStep, StepProgress, StepStatus } from '@holdfast/contracts';

const RATE_WINDOW_MS = 5_000;
const RATE_AFTER_MS = 1_000;
const SAMPLE_EVERY_MS = 100;
const ETA_AFTER_MS = 3_000;
const ETA_AFTER_SHARE = 0.03;
const ETA_SMOOTHING_MS = 8_000;

interface Sample {
  at: number;
  done: number;
}

/** Turns what steps tell into what people see. Times are milliseconds of any steady clock. */
export interface ProgressTracker {
  /** Takes the newest word of a step; true when another step than before runs now. */
  advance(told: StepProgress, now: number): boolean;
  at(now: number): Progress;
}

/** The steps as they stand once an operation has ended: what ran is done or failed, what never ran was skipped. */
export function endedSteps(steps: ProgressStep[], completed: boolean): ProgressStep[] {
  const ended: Record<StepStatus, StepStatus> = {
    waiting: 'skipped',
    running: completed ? 'done' : 'failed',
    done: 'done',
    failed: 'failed',
    skipped: 'skipped',
  };
  return steps.map(({ name, status }) => ({ name, status: ended[status] }));
}

/** Follows the steps of one operation; `advance` throws for a step that its kind does not have. */
export function trackProgress(kind: OperationKind): ProgressTracker {
  const steps: ProgressStep[] = OPERATION_STEPS[kind].map((name) => ({ name, status: 'waiting' }));
  let current: StepProgress | null = null;
  /** What parts that are over have handled: each counts its own from zero. */
  const before = { bytes: 0, rows: 0 };
  let pace = startPace(0);

  return {
    advance(told, now) {
      const changed = told.step !== current?.step;
      if (changed) moveTo(steps, told.step);
      if (changed || told.unit !== current?.unit) pace = startPace(now);
      if (current && (told.bytes < current.bytes || told.rows < current.rows)) {
        before.bytes += current.bytes;
        before.rows += current.rows;
      }
      current = told;
      pace.add(told.done, now);
      return changed;
    },
    at(now) {
      const { rate, etaSeconds } = pace.at(current?.total ?? null, now);
      return {
        steps: steps.map((step) => ({ ...step })),
        step: current?.step ?? null,
        done: current?.done ?? 0,
        total: current?.total ?? null,
        unit: current?.unit ?? 'bytes',
        bytes: before.bytes + (current?.bytes ?? 0),
        rows: before.rows + (current?.rows ?? 0),
        rate,
        etaSeconds,
      };
    },
  };
}

function moveTo(steps: ProgressStep[], name: string): void {
  const index = steps.findIndex((step) => step.name === name);
  if (index < 0) throw new Error(`Unknown step ${name}`);
  for (const [position, step] of steps.entries()) {
    if (step.status === 'running') step.status = 'done';
    if (position < index && step.status === 'waiting') step.status = 'skipped';
    if (position === index) step.status = 'running';
  }
}

/** How fast one step goes, over the last seconds, and when it will be done. */
function startPace(startedAt: number) {
  const samples: Sample[] = [];
  let smoothed: number | null = null;
  let smoothedAt = startedAt;

  const rateAt = (now: number): number | null => {
    const last = samples.at(-1);
    if (last === undefined || now - startedAt < RATE_AFTER_MS) return null;
    // The newest sample from before the window is its base, so that the rate of a stalled step falls to zero.
    const base = samples.findLast((sample) => sample.at <= now - RATE_WINDOW_MS) ?? samples[0];
    if (base === undefined || now <= base.at) return null;
    const from = Math.max(base.at, now - RATE_WINDOW_MS);
    return Math.max(0, ((last.done - base.done) * 1000) / (now - from));
  };

  return {
    add(done: number, now: number): void {
      const beforeLast = samples.at(-2);
      if (beforeLast !== undefined && now - beforeLast.at < SAMPLE_EVERY_MS) samples.pop();
      samples.push({ at: now, done });
      while (samples[1] !== undefined && samples[1].at <= now - RATE_WINDOW_MS) samples.shift();
    },
    at(total: number | null, now: number): { rate: number | null; etaSeconds: number | null } {
      const rate = rateAt(now);
      if (rate !== null) {
        const weight = smoothed === null ? 1 : 1 - Math.exp((smoothedAt - now) / ETA_SMOOTHING_MS);
        smoothed = (smoothed ?? 0) + weight * (rate - (smoothed ?? 0));
        smoothedAt = now;
      }
      const done = samples.at(-1)?.done ?? 0;
      const means = total !== null && now - startedAt >= ETA_AFTER_MS && done >= total * ETA_AFTER_SHARE;
      const etaSeconds =
        means && rate !== null && rate > 0 && smoothed !== null && smoothed > 0
          ? Math.ceil(Math.max(0, total - done) / smoothed)
          : null;
      return { rate: rate === null ? null : Math.round(rate), etaSeconds };
    },
  };
}
