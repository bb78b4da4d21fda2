import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { passOn } from './temporal-logs.ts';

const entry = (message: string, target?: string) => ({
  level: 'WARN' as const,
  message,
  timestampNanos: 0n,
  ...(target !== undefined && { meta: { target } }),
});

function passed(...entries: ReturnType<typeof entry>[]): string[] {
  const lines: string[] = [];
  const pass = passOn(pino({}, { write: (line) => lines.push(line) }));
  for (const given of entries) pass(given);
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe("what Temporal's SDK says", () => {
  it('is passed on', () => {
    expect(passed(entry('a', 'core'), entry('b'))).toEqual(['a', 'b']);
  });

  it('is one line when it repeats itself during an outage', () => {
    const again = entry('gRPC call retried', 'temporalio_client::retry');
    expect(passed(again, again, again)).toEqual(['Temporal does not answer; trying again']);
  });
});
