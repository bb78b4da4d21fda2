import { expect, it } from 'vitest';
import type { Schemas } from '../ui/api.ts';
import { verdictOf } from './item-verdict.ts';

const orders = { artifact: 'table sales.orders', comparedAs: 'sales.orders' };
const roles = { artifact: 'roles', comparedAs: null };
const proven: Schemas['VerificationResult'] = {
  ...{ level: 'restore', verdict: 'proven', damaged: [], damagedCount: 0, differences: [], differenceCount: 0 },
  ...{ gaps: [], artifacts: 30, bytes: 1, tables: 25, rows: 10, seconds: 1 },
};
const labelOf = (more: Partial<Schemas['VerificationResult']>, item = orders as Parameters<typeof verdictOf>[0]) =>
  verdictOf(item, { ...proven, ...more })?.label;
const differs = (subject: string) => [{ kind: 'rows', subject, expected: '2', found: '1', protection: false }];

it('calls a table equal only after a trial restore', () => {
  expect([verdictOf(orders, null), labelOf({})]).toEqual([null, 'Equal']);
  expect([labelOf({ level: 'content' }), labelOf({ level: 'checksum' })]).toEqual(['Rows good', 'Bytes good']);
  expect(labelOf({}, roles)).toBe('Bytes good');
});

it('names what is damaged, different or could not be proven', () => {
  const damaged = [{ artifact: orders.artifact, problem: 'checksum', cost: 'its rows' }];
  expect(labelOf({ verdict: 'damaged', damaged, damagedCount: 1 })).toBe('Damaged');
  expect(labelOf({ differences: differs('sales.orders'), differenceCount: 1 })).toBe('Different');
  expect(labelOf({ differences: differs('sales.events'), differenceCount: 1 })).toBe('Equal');
  const gaps = [{ code: 'extension', subjects: ['sales.orders'], count: 1, reason: 'not loadable' }];
  expect(labelOf({ verdict: 'proven-with-gaps', gaps })).toBe('Not proven');
});

it('says nothing where a list was cut, or nothing was restored', () => {
  expect(labelOf({ differences: differs('sales.events'), differenceCount: 201 })).toBeUndefined();
  expect(labelOf({ damagedCount: 1, verdict: 'damaged' })).toBeUndefined();
  const damaged = [{ artifact: 'table sales.events', problem: 'checksum', cost: 'its rows' }];
  expect(labelOf({ verdict: 'damaged', damaged, damagedCount: 1 })).toBeUndefined();
});
