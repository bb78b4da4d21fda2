import { expect, it } from 'vitest';
import { returnUrl } from './return-url.ts';

const ORIGIN = 'https://holdfast.example.org';

it('keeps an address inside the console as it is', () => {
  for (const url of ['/', '/operations', '/operations/1?tab=events#last', '/backups?search=a%2Fb&tag=x&tag=y']) {
    expect(returnUrl(url, ORIGIN)).toBe(url);
  }
});

it('leads nowhere else', () => {
  const elsewhere = ['https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', 'javascript:x'];
  for (const url of [
    ...elsewhere,
    'operations',
    '',
    undefined,
    null,
    ['/operations'],
    '/sign-in?return=/',
    '/api/docs',
  ]) {
    expect([url, returnUrl(url, ORIGIN)]).toEqual([url, '/']);
  }
});
