import { cpus } from 'node:os';

/** What zstd is told; absent: as its level has it. */
export interface Compression {
  level: number;
  hashLog?: number;
  minMatch?: number;
}

/** Where cores have nothing else to do: 2.6 % fewer bytes than level 2, for a third more work. */
export const THOROUGH: Compression = { level: 3 };
/** Where every core is wanted: a seventh less work than level 2, for 4.6 % more bytes; its table stays in the nearest cache. */
export const QUICK: Compression = { level: 1, hashLog: 14, minMatch: 6 };

/** Milliseconds that all cores together have been idle, and that have passed for them. */
export interface CoreTimes {
  idle: number;
  total: number;
}

const LOOKS_EVERY_MS = 200;
/** What was seen longer ago says nothing about now. */
const FRESH_MS = 2_000;
/** With less of them idle, compressing better makes somebody wait. */
const IDLE_SHARE = 0.15;

function readCoreTimes(): CoreTimes {
  const times: CoreTimes = { idle: 0, total: 0 };
  for (const { times: core } of cpus()) {
    times.idle += core.idle;
    times.total += core.user + core.nice + core.sys + core.irq + core.idle;
  }
  return times;
}

/** Says by how busy the machine is how hard to compress. Any of it opens alike: a reader need not know. */
export class CompressionEffort {
  private readonly read: () => CoreTimes;
  private readonly now: () => number;
  private seen: CoreTimes | null = null;
  private seenAt = 0;
  private chosen = THOROUGH;

  constructor(read: () => CoreTimes = readCoreTimes, now: () => number = () => performance.now()) {
    this.read = read;
    this.now = now;
  }

  current(): Compression {
    const now = this.now();
    const age = now - this.seenAt;
    if (this.seen !== null && age < LOOKS_EVERY_MS) return this.chosen;
    const times = this.read();
    if (this.seen !== null && age <= FRESH_MS) {
      const idle = (times.idle - this.seen.idle) / Math.max(1, times.total - this.seen.total);
      this.chosen = idle < IDLE_SHARE ? QUICK : THOROUGH;
    }
    this.seen = times;
    this.seenAt = now;
    return this.chosen;
  }
}
