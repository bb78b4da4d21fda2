import { setTimeout as delay } from 'node:timers/promises';
import { OperationError } from '@holdfast/contracts';
import type { OperationKind, Progress, StepProgress } from '@holdfast/contracts';
import { Prisma } from '@holdfast/prisma';
import type { PrismaClient } from '@holdfast/prisma';
import { asJson } from './json.ts';
import { trackProgress } from './progress-tracker.ts';

/** At most four writes a second at first; at least one, also when nothing moved, so that watchers see life. */
const TICK_MS = 250;
const QUIET_MS = 950;
/** What runs long is told less often: every write costs the database, the API and each watcher something. */
const SLOWEST_MS = 500;
const SLOWEST_AFTER_MS = 4_000;
/**
 * How a worker passes heartbeats on. A cancel reaches an activity with the answer to one that was really sent: this is
 * what it waits at most, of the two seconds in which the work is to stop.
 */
export const HEARTBEAT_THROTTLE = {
  maxHeartbeatThrottleInterval: '500 milliseconds',
  defaultHeartbeatThrottleInterval: '500 milliseconds',
} as const;
/** As often as they are passed on; each is sealed on its way. */
const BEAT_MS = 450;
const LAST_WRITE_MS = 1_500;

interface StepEvent {
  type: 'step';
  step: string;
  message: string;
}

export interface ProgressWriter {
  onProgress(told: StepProgress): void;
  /** How far it is, as heartbeats tell it. */
  now(): HeartbeatDetail;
  /** The engine is through: what is left is to record the outcome. */
  recording(): void;
  /** Aborts, with an OperationError, once the operation's row is no longer running: someone else has ended it. */
  ended: AbortSignal;
  /** Writes what is left and stops; nothing is written after it. */
  stop(): Promise<void>;
}

interface ProgressOptions {
  database: PrismaClient;
  operationId: string;
  kind: OperationKind;
  beat: (detail: HeartbeatDetail) => void;
  /** Told once per outage; progress that cannot be written never stops the work. */
  onWriteFailure: (error: unknown) => void;
}

/** Writes an operation's progress to its row while it runs, and calls `beat` with a small detail about twice a second. */
export function startProgress(options: ProgressOptions): ProgressWriter {
  const tracker = trackProgress(options.kind);
  const row = writeToRow(options, () => tracker.at(performance.now()));
  let last: Omit<StepProgress, 'step'> = { done: 0, total: null, unit: 'bytes', bytes: 0, rows: 0 };

  const now = (): HeartbeatDetail => {
    const { step, done, total } = tracker.at(performance.now());
    return { step, done, total };
  };
  let beatAt = -Infinity;
  const timer = setInterval(() => {
    if (performance.now() - beatAt >= BEAT_MS) {
      beatAt = performance.now();
      options.beat(now());
    }
    row.writeIfDue();
  }, TICK_MS);

  const onProgress = (told: StepProgress): void => {
    const changed = tracker.advance(told, performance.now());
    last = told;
    row.moved(changed ? { type: 'step', step: told.step, message: `Step ${told.step} began` } : null);
  };

  return {
    ended: row.ended,
    onProgress,
    now,
    recording: () => onProgress({ ...last, step: 'record', done: 0, total: null }),
    async stop() {
      clearInterval(timer);
      // A database that is away must not hold up a cancel or a shutdown.
      await Promise.race([row.writeRest(), delay(LAST_WRITE_MS, undefined, { ref: false })]);
      row.close();
    },
  };
}

/** One write at a time; what a failed one could not say is said by the next. */
function writeToRow({ database, operationId, onWriteFailure }: ProgressOptions, snapshot: () => Progress) {
  const ended = new AbortController();
  let events: StepEvent[] = [];
  let isNews = false;
  let failing = false;
  let closed = false;
  const beganAt = performance.now();
  let writtenAt = beganAt;
  let writing: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    const telling = events;
    events = [];
    isNews = false;
    writtenAt = performance.now();
    try {
      await updateRow(database, operationId, telling, snapshot());
      failing = false;
    } catch (error) {
      if (isNoLongerRunning(error)) ended.abort(operationEnded(operationId));
      events = [...telling, ...events];
      isNews = true;
      if (!failing) onWriteFailure(error);
      failing = true;
    }
  };
  const startWrite = (): Promise<void> => {
    writing = write().finally(() => (writing = null));
    return writing;
  };
  const isDue = (): boolean => {
    const now = performance.now();
    if (events.length > 0) return true;
    const pace = Math.min(1, (now - beganAt) / SLOWEST_AFTER_MS) * SLOWEST_MS;
    return now - writtenAt >= (isNews ? pace : QUIET_MS);
  };
  const mayWrite = (): boolean => !closed && !ended.signal.aborted && writing === null;

  return {
    ended: ended.signal,
    moved(event: StepEvent | null): void {
      if (event !== null) events.push(event);
      isNews = true;
    },
    writeIfDue(): void {
      if (mayWrite() && isDue()) void startWrite();
    },
    async writeRest(): Promise<void> {
      await writing;
      if (mayWrite() && isNews) await startWrite();
    },
    close(): void {
      closed = true;
    },
  };
}

/** What a heartbeat carries to the next attempt. */
export interface HeartbeatDetail {
  step: string | null;
  done: number;
  total: number | null;
  /** Why this attempt ended, told just before it does: words, and one of our codes where it has one. */
  failure?: string;
  code?: string;
}

async function updateRow(
  database: PrismaClient,
  operationId: string,
  events: StepEvent[],
  progress: Progress,
): Promise<void> {
  await database.operation.update({
    where: { id: operationId, status: 'running' },
    data: {
      progress: asJson(progress),
      sequence: { increment: 1 },
      ...(events.length > 0 && { events: { createMany: { data: events } } }),
    },
    select: { sequence: true },
  });
}

const isNoLongerRunning = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2025';

/** The refusal to go on with an operation that has a final status. */
export const operationEnded = (operationId: string): OperationError =>
  new OperationError('operation.already_ended', `Operation ${operationId} has already ended`, {
    hint: 'Start a new operation; nothing of this one goes on.',
  });
