import type { BackupOutput, RestoreReport, VerificationResult } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { figuresOf } from './result-summary.ts';

const plain = (value: object) => value as unknown as Record<string, unknown>;
const gap = { code: 'role-passwords', subjects: ['app'], count: 1, reason: 'Postgres does not give them' };

it('tells of a backup what it holds, and names its gaps', () => {
  const backup: BackupOutput = {
    ...{ backupId: 'b', tables: 25, rows: 300_000, objects: 1000, sizeBytes: 52_000_000, storedBytes: 1200 },
    coverage: { included: ['database'], gaps: [gap] },
  };
  const figures = figuresOf('backup', plain(backup));
  expect(figures.map(({ label }) => label)).toEqual(['Tables', 'Rows', 'Objects', 'Size', 'Newly stored', 'Gaps']);
  expect(figures.at(-1)).toMatchObject({ tone: 'attention', list: ['role-passwords: Postgres does not give them'] });
});

it('lets damage stand out, and nothing where there is none', () => {
  const good: VerificationResult = {
    ...{ level: 'restore', verdict: 'proven', damaged: [], damagedCount: 0, differences: [], differenceCount: 0 },
    ...{ gaps: [], artifacts: 30, bytes: 1, tables: 25, rows: 10, seconds: 1 },
  };
  expect(figuresOf('verify', plain(good)).filter(({ tone }) => tone === 'danger')).toEqual([]);
  const damaged = [{ artifact: 'public.orders', problem: 'checksum', cost: 'The rows of public.orders are lost' }];
  const bad = { ...good, verdict: 'damaged', damaged, damagedCount: 1 };
  expect(figuresOf('verify', plain(bad)).filter(({ tone }) => tone === 'danger')).toEqual([
    { label: 'Verdict', value: 'Damaged', tone: 'danger' },
    {
      ...{ label: 'Damaged', value: '1', tone: 'danger' },
      list: ['public.orders: checksum. The rows of public.orders are lost'],
    },
  ]);
});

it('has nothing to tell of a restore that has no report', () => {
  expect(figuresOf('restore', { release: { releasedCount: 1 } })).toEqual([]);
  expect(figuresOf('backup', null)).toEqual([]);
});

it('names what stops a restore', () => {
  const report: RestoreReport = {
    ...{ dryRun: true, database: 'app', serverVersion: '17.5', overwritten: ['public.a'], overwrittenCount: 1 },
    ...{ tables: 1, rows: 1, bytes: 1, rowsCompared: true, keptDatabase: null, differences: [], differenceCount: 0 },
    ...{ gaps: [], quarantine: null, seconds: 1 },
    findings: [{ severity: 'blocker', code: 'x', message: 'No space is left.', hint: 'Make some.' }],
  };
  const figures = figuresOf('restore', plain(report));
  expect(figures.find(({ label }) => label === 'Findings')).toEqual({
    ...{ label: 'Findings', value: '1', tone: 'danger', list: ['No space is left. Make some.'] },
  });
  expect(figures.find(({ label }) => label === 'Replaced')?.list).toEqual(['public.a']);
});
