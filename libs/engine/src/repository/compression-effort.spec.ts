import { describe, expect, it } from 'vitest';
import { CompressionEffort, QUICK, THOROUGH, type CoreTimes } from './compression-effort.ts';

/** A machine of two cores whose time passes when it is told to. */
function machine() {
  let now = 1_000;
  const times: CoreTimes = { idle: 50_000, total: 90_000 };
  let reads = 0;
  const effort = new CompressionEffort(
    () => {
      reads++;
      return { ...times };
    },
    () => now,
  );
  const pass = (ms: number, idleShare: number): void => {
    now += ms;
    times.total += 2 * ms;
    times.idle += 2 * ms * idleShare;
  };
  return { effort, pass, reads: () => reads };
}

describe('how hard chunks are compressed', () => {
  it('is thorough before anything is known of the machine', () => {
    expect(machine().effort.current()).toBe(THOROUGH);
  });

  it('is quick while no core is idle, and thorough again once some are', () => {
    const { effort, pass } = machine();
    effort.current();
    pass(250, 0.05);
    expect(effort.current()).toBe(QUICK);
    pass(250, 0.4);
    expect(effort.current()).toBe(THOROUGH);
  });

  it('looks a few times a second, not for each chunk', () => {
    const { effort, pass, reads } = machine();
    for (let chunk = 0; chunk < 100; chunk++) {
      effort.current();
      pass(10, 0);
    }
    expect(reads()).toBe(5);
  });

  it('goes by nothing that was seen long ago', () => {
    const { effort, pass } = machine();
    effort.current();
    // an hour without a backup, all of it at work
    pass(3_600_000, 0);
    expect(effort.current()).toBe(THOROUGH);
    pass(250, 0);
    expect(effort.current()).toBe(QUICK);
  });

  it('reads the cores of this machine', () => {
    const effort = new CompressionEffort();
    expect([QUICK, THOROUGH]).toContain(effort.current());
  });
});
