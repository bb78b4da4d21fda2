/** The part of Vitest's JSON report that is read here. */
interface VitestReport {
  numPassedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
  }[];
}

export interface VitestSummary {
  passed: number;
  failed: number;
  /** One text per failure. */
  failures: string[];
}

/**
 * Counts a Vitest run by its JSON report. A file that failed without a failed test counts as one failure, skipped
 * tests together as one, and a run that ended badly with nothing failed (an error outside every test) as one.
 */
export function summarize(report: VitestReport | null, exitCode: number | null): VitestSummary {
  const failures: string[] = [];
  for (const file of report?.testResults ?? []) {
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of failed) {
      failures.push(`${file.name}\n  ${test.fullName}\n${(test.failureMessages ?? []).join('\n')}`);
    }
    if (file.status === 'failed' && failed.length === 0) failures.push(`${file.name}\n${file.message}`);
  }
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  if (skipped > 0) failures.push(`${skipped} tests were skipped: every test runs.`);
  if (exitCode !== 0 && failures.length === 0) {
    failures.push(`Vitest ended with ${exitCode ?? 'a signal'} and no failed test; see its output above.`);
  }
  const passed = report?.numPassedTests ?? 0;
  if (passed === 0 && failures.length === 0) failures.push('No test ran.');
  return { passed, failed: failures.length, failures };
}
