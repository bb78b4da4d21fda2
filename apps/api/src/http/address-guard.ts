import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { addressRefused, isMetadataName, plainHost, refusedClass, type AddressAllowance } from '@holdfast/contracts';

type Resolve = (host: string) => Promise<string[]>;

/** All addresses of a name; none for one that this process cannot resolve. */
const resolveName: Resolve = async (host) => {
  try {
    return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  } catch {
    // The worker may know names that the API does not; what it cannot reach, it says itself.
    return [];
  }
};

/**
 * Throws `environment.address_refused` for a host that is, or resolves to, an address that is not allowed; `at` is the
 * request's field. A worker looks again when it connects: a name may resolve to something else by then.
 */
export async function guardAddress(
  host: string,
  allowance: AddressAllowance,
  { resolve = resolveName, at = 'host' }: { resolve?: Resolve; at?: string } = {},
): Promise<void> {
  if (isMetadataName(host)) throw addressRefused(host, 'metadata', at);
  const name = plainHost(host);
  const found = refusedClass(isIP(name) ? [name] : await resolve(name), allowance);
  if (found !== null) throw addressRefused(host, found, at);
}

/** The host of a URL, without the brackets of an IPv6 address. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');
