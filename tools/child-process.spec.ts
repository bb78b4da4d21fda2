import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { runToEnd } from './child-process.ts';

// Only a minute of waiting would show that something was not ended; a busy machine may need some seconds.
vi.setConfig({ testTimeout: 60_000 });

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

async function untilGone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (!lives(pid)) return true;
    await sleep(50);
  }
  return false;
}

describe('runToEnd', () => {
  it('answers both outputs and the exit code', async () => {
    const result = await runToEnd('sh', ['-c', 'echo out; echo err >&2; exit 3'], { timeoutSeconds: 10 });
    expect(result).toMatchObject({ code: 3, timedOut: false });
    expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('answers null for a program that is not there', async () => {
    const result = await runToEnd('holdfast-no-such-program', [], { timeoutSeconds: 10 });
    expect(result.code).toBeNull();
    expect(result.output).toContain('ENOENT');
  });

  it('runs it and what it starts as nice as was asked', async () => {
    const result = await runToEnd('sh', ['-c', 'sleep 0.5; nice'], { timeoutSeconds: 10, niceness: 5 });
    expect(result.output).toBe('5\n');
  });

  it('ends the whole group when the time is over', async () => {
    const result = await runToEnd('sh', ['-c', 'sleep 60 & echo $!; wait'], { timeoutSeconds: 0.3 });
    expect(result.timedOut).toBe(true);
    expect(result.seconds).toBeLessThan(30);
    expect(await untilGone(Number(result.output.trim()))).toBe(true);
  });

  it('ends what a program left behind in its group, and does not wait for it', async () => {
    const result = await runToEnd('sh', ['-c', 'sleep 60 & echo $!'], { timeoutSeconds: 10 });
    expect(result).toMatchObject({ code: 0, timedOut: false });
    expect(result.seconds).toBeLessThan(30);
    expect(await untilGone(Number(result.output.trim()))).toBe(true);
  });
});
