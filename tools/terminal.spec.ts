import { describe, expect, it, vi } from 'vitest';
import { colourFor, framed, readableLine } from './terminal.ts';

const plain = colourFor({ isTTY: false });
const line = (name: string, text: string) => readableLine(name, text, plain, new Date(2026, 0, 2, 3, 4, 5));
const json = (entry: object) => JSON.stringify({ level: 30, time: new Date(2026, 0, 2, 3, 4, 5).getTime(), ...entry });

describe('readableLine', () => {
  it('shows time, process, level and message of a JSON line, and its plain values', () => {
    expect(line('api', json({ pid: 1, msg: 'listening', url: 'http://x', deep: { a: 1 } }))).toBe(
      '03:04:05 api      info  listening url=http://x',
    );
  });

  it('shows a request with its answer', () => {
    const entry = { msg: 'done', req: { method: 'GET', url: '/api' }, res: { statusCode: 200 }, responseTime: 3 };
    expect(line('api', json(entry))).toContain('done GET /api 200 responseTime=3');
  });

  it('shows the stack of an error', () => {
    expect(line('worker', json({ level: 50, msg: 'broken', err: { stack: 'Error: why\n  at x' } }))).toBe(
      '03:04:05 worker   error broken \nError: why\n  at x',
    );
  });

  it('keeps what the servers say about themselves off the terminal, and shows their trouble', () => {
    expect(line('postgres', '2026-01-02 03:04:05 UTC [7] LOG:  checkpoint starting: time')).toBeNull();
    expect(line('postgres', '2026-01-02 03:04:05 UTC [7] FATAL:  out of memory')).toContain('FATAL:  out of memory');
    expect(line('temporal', '{"level":"warn","msg":"slow"}')).toBeNull();
    expect(line('temporal', '{"level":"error","msg":"lost"}')).toContain('error lost');
  });

  it('shows a line that is no JSON as it is', () => {
    expect(line('worker', '{ not json')).toContain('{ not json');
  });
});

it('frames lines of different lengths', () => {
  const lines = framed('Title', ['a', 'a longer line'], plain).split('\n');
  expect(new Set(lines.map((each) => each.length)).size).toBe(1);
});

it('colours a terminal only, unless NO_COLOR is set', () => {
  vi.stubEnv('NO_COLOR', '');
  expect(colourFor({ isTTY: true })(31, 'red')).toContain('\u001b[31m');
  expect(plain(31, 'red')).toBe('red');
  vi.stubEnv('NO_COLOR', '1');
  expect(colourFor({ isTTY: true })(31, 'red')).toBe('red');
  vi.unstubAllEnvs();
});
