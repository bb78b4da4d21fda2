import { describe, expect, it, vi } from 'vitest';
import { patiently } from './patience.ts';

describe('patience', () => {
  it('tries until it succeeds, and tells each failure', async () => {
    const failures: unknown[] = [];
    let tries = 0;
    const attempt = async (): Promise<string> => {
      tries += 1;
      if (tries < 3) throw new Error(`try ${tries}`);
      return 'there';
    };
    const signal = new AbortController().signal;
    expect(await patiently(attempt, { signal, onFailure: (error) => failures.push(error) })).toBe('there');
    expect(failures.map(String)).toEqual(['Error: try 1', 'Error: try 2']);
  });

  it('ends at once when it is told to stop', async () => {
    const stop = new AbortController();
    const attempt = (): Promise<never> => Promise.reject(new Error('away'));
    const waiting = patiently(attempt, { signal: stop.signal, onFailure: () => setTimeout(() => stop.abort(), 10) });
    const begun = performance.now();
    await expect(waiting).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(400);
  });

  it('does not even try once it was told to stop', async () => {
    const attempt = vi.fn(() => Promise.resolve());
    await expect(patiently(attempt, { signal: AbortSignal.abort(), onFailure: () => undefined })).rejects.toThrow();
    expect(attempt).not.toHaveBeenCalled();
  });
});
