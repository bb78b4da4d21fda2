import { describe, expect, it } from 'vitest';
import { summarize } from './vitest-report.ts';

const file = (name: string, status: string, tests: [string, string][], message = '') => ({
  name,
  status,
  message,
  assertionResults: tests.map(([fullName, result]) => ({
    fullName,
    status: result,
    failureMessages: result === 'failed' ? ['expected 1 to be 2'] : [],
  })),
});
const report = (passed: number, files: ReturnType<typeof file>[], skipped = 0) => ({
  numPassedTests: passed,
  numPendingTests: skipped,
  numTodoTests: 0,
  testResults: files,
});

describe('summarize', () => {
  it('counts passed and failed tests and names the failed', () => {
    const summary = summarize(
      report(1, [
        file('a.spec.ts', 'failed', [
          ['adds', 'passed'],
          ['divides', 'failed'],
        ]),
      ]),
      1,
    );
    expect(summary).toMatchObject({ passed: 1, failed: 1 });
    expect(summary.failures[0]).toContain('divides');
    expect(summary.failures[0]).toContain('expected 1 to be 2');
  });

  it('counts a file that could not be loaded as a failure', () => {
    const summary = summarize(
      report(1, [file('a.spec.ts', 'passed', [['adds', 'passed']]), file('b.spec.ts', 'failed', [], 'no such module')]),
      1,
    );
    expect(summary).toMatchObject({ passed: 1, failed: 1 });
    expect(summary.failures[0]).toContain('no such module');
  });

  it('counts skipped tests as a failure', () => {
    expect(summarize(report(2, [], 1), 0)).toMatchObject({ passed: 2, failed: 1 });
  });

  it('counts an error outside every test as a failure', () => {
    expect(summarize(report(3, [file('a.spec.ts', 'passed', [['adds', 'passed']])]), 1)).toMatchObject({ failed: 1 });
  });

  it('counts a run without tests, or without a report, as a failure', () => {
    expect(summarize(report(0, []), 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(summarize(null, null)).toMatchObject({ passed: 0, failed: 1 });
  });
});
