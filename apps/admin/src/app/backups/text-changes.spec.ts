import { expect, it } from 'vitest';
import { changedTexts, textChanges } from './text-changes.ts';

const before = { name: 'nightly', description: '', tags: ['a'] };

it('are told field by field, with what was there', () => {
  expect(textChanges(before, { name: 'nightly', description: 'for audit', tags: [] })).toEqual([
    { field: 'description', label: 'Description', before: '(none)', after: 'for audit' },
    { field: 'tags', label: 'Tags', before: 'a', after: '(none)' },
  ]);
  expect(textChanges(before, { ...before, tags: ['a'] })).toEqual([]);
});

it('are sent alone, so that what others wrote stays', () => {
  expect(changedTexts(before, { ...before, tags: ['a', 'b'] })).toEqual({ tags: ['a', 'b'] });
});
