import { describe, expect, it } from 'vitest';
import { guardAddress } from './address-guard.ts';

describe('guarding a host', () => {
  const resolvesTo =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(addresses);

  it('refuses a name when one of its addresses is refused', async () => {
    const guarded = guardAddress('db.example.org', 'none', { resolve: resolvesTo('203.0.113.7', '127.0.0.1') });
    await expect(guarded).rejects.toMatchObject({ code: 'environment.address_refused', errors: [{ at: 'host' }] });
  });

  it('passes a name that resolves to private and public addresses, or to none', async () => {
    await guardAddress('db.example.org', 'none', { resolve: resolvesTo('10.1.2.3', '2001:db8::1') });
    await guardAddress('only-the-worker-knows', 'none', { resolve: resolvesTo() });
  });

  it('refuses the metadata name without asking the resolver', async () => {
    const guarded = guardAddress('Metadata.Google.Internal.', 'all', {
      resolve: () => Promise.reject(new Error('asked')),
    });
    await expect(guarded).rejects.toMatchObject({ code: 'environment.address_refused' });
  });

  it('does not resolve an address', async () => {
    await guardAddress('192.168.0.4', 'none', { resolve: () => Promise.reject(new Error('asked')) });
    await expect(
      guardAddress('::1', 'none', { resolve: () => Promise.reject(new Error('asked')) }),
    ).rejects.toMatchObject({
      code: 'environment.address_refused',
    });
  });

  it('really resolves localhost', async () => {
    await expect(guardAddress('localhost', 'none')).rejects.toMatchObject({ code: 'environment.address_refused' });
    await guardAddress('localhost', 'loopback');
  });
});
