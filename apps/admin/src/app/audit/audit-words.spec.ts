import { expect, it } from 'vitest';
import { nameIn, pageOf, subjectIn } from './audit-subject.ts';
import { actionLabel } from './audit-words.ts';

it('are what people say, also of an action that nobody has foreseen', () => {
  expect(
    ['auth.sign_in_failed', 'backup.cancel_requested', 'verify.started', 'moon.landed_on', 'odd'].map(actionLabel),
  ).toEqual(['Sign-in failed', 'Backup cancel requested', 'Verification started', 'Moon landed on', 'Odd']);
});

it('name what an entry is about as it was called then, and lead there while it is there', () => {
  expect(nameIn({ before: { name: 'old' }, after: { name: 'new' } })).toBe('new');
  expect(nameIn({ before: { email: 'a@example.org' }, after: null })).toBe('a@example.org');
  expect(nameIn({ before: null, after: { name: 7 } })).toBeNull();
  const entry = {
    ...{ id: '1', at: '', actorId: null, actorName: '', environmentId: null, ip: null, userAgent: null },
    ...{ before: null, after: null, resourceKind: 'repository', resourceId: 'r' },
  };
  expect(pageOf({ ...entry, action: 'repository.updated' })).toEqual(['/repositories', 'r']);
  expect(pageOf({ ...entry, action: 'repository.deleted' })).toBeNull();
  expect(pageOf({ ...entry, action: 'view.created', resourceKind: 'view' })).toBeNull();
});

it('name the backup of an operation and its environment, what is told of them, or how many there were', () => {
  const of = (after: Record<string, unknown>): (string | null)[] => {
    const entry = { before: null, after };
    return [nameIn(entry), subjectIn(entry)];
  };
  expect(of({ backupName: 'nightly', environmentName: 'shop' })).toEqual(['nightly', 'nightly · shop']);
  expect(of({ name: 'nightly', environmentName: 'shop' })).toEqual(['nightly', 'nightly · shop']);
  expect(of({ environmentName: 'shop' })).toEqual(['shop', 'shop']);
  expect(of({ email: 'a@example.org' })).toEqual(['a@example.org', 'a@example.org']);
  expect(of({ olderThanDays: 90, operations: 12 })).toEqual(['12 operations', '12 operations']);
  expect(of({ operations: 1 })).toEqual(['1 operation', '1 operation']);
  expect(of({ endedSessions: 2 })).toEqual([null, null]);
});
