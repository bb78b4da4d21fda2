import { expect, it } from 'vitest';
import { highlightParts, wordsOf } from './highlight-parts.ts';

/** Hits in brackets. */
const marked = (text: string, search: string): string =>
  highlightParts(text, wordsOf(search))
    .map((part) => (part.hit ? `[${part.text}]` : part.text))
    .join('');

it('marks each word of a search wherever it is, whatever its case', () => {
  expect(marked('Before the RELEASE 100%', 'release be')).toBe('[Be]fore the [RELEASE] 100%');
  expect(marked('nightly', 'x')).toBe('nightly');
  expect(marked('nightly', '  ')).toBe('nightly');
});

it('takes hits that overlap or touch as one', () => {
  expect(marked('aaab', 'aa')).toBe('[aaa]b');
  expect(marked('orders', 'or der')).toBe('[order]s');
});

it('takes signs as they are', () => expect(marked('a.b%c_d', '. % _')).toBe('a[.]b[%]c[_]d'));

it('leaves a text whole whose letters change in number', () => expect(marked('İzmir', 'i')).toBe('İzmir'));
