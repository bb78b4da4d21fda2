import type { PreflightFinding, RestoreReport } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { needsName, refusedNamesOf, sortedFindings } from './restore-report.ts';

const finding = (severity: PreflightFinding['severity'], code: string): PreflightFinding => ({
  ...{ severity, code, message: code },
});
const report = (overwrittenCount: number, ...findings: PreflightFinding[]): RestoreReport => ({
  ...{ dryRun: true, database: 'app', serverVersion: '17.5', findings, overwritten: [], overwrittenCount },
  ...{ tables: 1, rows: 1, bytes: 1, rowsCompared: true, keptDatabase: null, differences: [], differenceCount: 0 },
  ...{ gaps: [], quarantine: null, seconds: 1 },
});
const STRANGE = finding('blocker', 'restore.wrong_target');

it('tells what no name helps against from what a name settles', () => {
  const missing = finding('blocker', 'extension.missing');
  const version = finding('warning', 'extension.version');
  expect(sortedFindings(report(1, STRANGE, missing, version, finding('note', 'target.kept')))).toEqual({
    ...{ blockers: [missing], warnings: [STRANGE, version], notes: [finding('note', 'target.kept')] },
  });
});

it('wants the name wherever something is replaced, or the API does', () => {
  const own = { where: 'own', safetyBackup: null } as const;
  expect(needsName(report(0), own, true)).toBe(false);
  expect(needsName(report(1), own, false)).toBe(true);
  expect(needsName(report(0, STRANGE), own, false)).toBe(true);
  expect(needsName(report(0), { ...own, safetyBackup: false }, true)).toBe(true);
  expect(needsName(report(0), { ...own, safetyBackup: false }, false)).toBe(false);
  expect(needsName(report(1, STRANGE), { where: 'new', safetyBackup: false }, true)).toBe(false);
});

it('tells what was said of the chosen names, and nothing else that was wrong', () => {
  const failed = (code: string) => ({ error: { code, message: 'The backup holds no table a.b', hint: 'Name it so.' } });
  expect(refusedNamesOf(null, failed('restore.selection_unknown'))).toBe('The backup holds no table a.b. Name it so.');
  expect(refusedNamesOf(null, failed('environment.unreachable'))).toBeUndefined();
  const errors = [
    ...[
      { at: 'tables.0', message: 'too long' },
      { at: 'tables.1', message: 'too long' },
    ],
    ...[{ at: 'newDatabase', message: 'taken' }],
  ];
  expect(refusedNamesOf({ errors }, undefined)).toBe('too long');
  expect(refusedNamesOf({ errors: errors.slice(2) }, undefined)).toBeUndefined();
  expect(refusedNamesOf(null, undefined)).toBeUndefined();
});
