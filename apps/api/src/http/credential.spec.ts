import { describe, expect, it } from 'vitest';
import { fromOwnPages, shownCredential } from './credential.ts';

describe('the credential of a request', () => {
  it('is the bearer token, before any cookie', () => {
    const shown = shownCredential({ authorization: 'bearer hf_1', cookie: '__Host-holdfast=hfs_2' });
    expect(shown).toEqual({ token: 'hf_1', ambient: false });
  });

  it('is the cookie among others', () => {
    const shown = shownCredential({ cookie: 'a=b; __Host-holdfast=hfs_2; x__Host-holdfast=no' });
    expect(shown).toEqual({ token: 'hfs_2', ambient: true });
  });

  it('is nothing without either', () => {
    expect(shownCredential({ authorization: 'Basic abc', cookie: '__Host-holdfast=' })).toBeNull();
    expect(shownCredential({})).toBeNull();
  });
});

describe('a request from our own pages', () => {
  const own = 'https://holdfast.example';

  it('has our origin, or one that is configured in its place', () => {
    expect(fromOwnPages({ origin: own }, own, [])).toBe(true);
    expect(fromOwnPages({ origin: 'https://console.example' }, own, ['https://console.example'])).toBe(true);
    expect(fromOwnPages({ origin: own }, own, ['https://console.example'])).toBe(false);
  });

  it('has not another origin, nor `null`', () => {
    expect(fromOwnPages({ origin: 'https://evil.example' }, own, [])).toBe(false);
    expect(fromOwnPages({ origin: 'null' }, own, [])).toBe(false);
  });

  it('without an origin comes from no other site', () => {
    expect(fromOwnPages({}, own, [])).toBe(true);
    expect(fromOwnPages({ 'sec-fetch-site': 'same-origin' }, own, [])).toBe(true);
    expect(fromOwnPages({ 'sec-fetch-site': 'cross-site' }, own, [])).toBe(false);
    expect(fromOwnPages({ 'sec-fetch-site': 'same-site' }, own, [])).toBe(false);
  });
});
