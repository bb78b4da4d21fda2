import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { OperationError } from '@holdfast/contracts';
import type { Config } from '../config.ts';

type Allowance = Config['HOLDFAST_ALLOW_PRIVATE_ADDRESSES'];

/** Why an address can be refused. */
export type AddressClass = 'metadata' | 'loopback' | 'link-local' | 'unspecified' | 'multicast';

type Range = readonly [address: string, prefix: number];

const RANGES: Record<AddressClass, readonly Range[]> = {
  // Instance metadata of AWS, Azure, Google (v4, v6), Alibaba, Oracle.
  metadata: [
    ['169.254.169.254', 32],
    ['169.254.170.2', 32],
    ['fd00:ec2::254', 128],
    ['fd20:ce::254', 128],
    ['100.100.100.200', 32],
    ['192.0.0.192', 32],
  ],
  loopback: [
    ['127.0.0.0', 8],
    ['::1', 128],
  ],
  'link-local': [
    ['169.254.0.0', 16],
    ['fe80::', 10],
  ],
  unspecified: [
    ['0.0.0.0', 8],
    ['::', 128],
  ],
  multicast: [
    ['224.0.0.0', 4],
    ['255.255.255.255', 32],
    ['ff00::', 8],
  ],
};

const CLASSES = Object.entries(RANGES).map(([name, ranges]) => {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  return { name: name as AddressClass, list };
});

const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data.ec2.internal']);

const EMBEDDED_PREFIXES = ['::ffff:', '64:ff9b::', '::'];

/** The sixteen bytes of an IPv6 address. */
function bytesOf(address: string): number[] {
  const plain = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const hex = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16);
    return `${hex(a, b)}:${hex(c, d)}`;
  });
  const [head = '', tail] = plain.split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

/** The IPv4 address inside an IPv6 one: mapped, compatible, NAT64 or 6to4. */
function embeddedIpv4(address: string): string | null {
  const bytes = bytesOf(address);
  const dotted = (from: number): string => bytes.slice(from, from + 4).join('.');
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return dotted(2);
  const head = bytes.slice(0, 12).join(',');
  const embeds = EMBEDDED_PREFIXES.some((prefix) => bytesOf(`${prefix}0.0.0.0`).slice(0, 12).join(',') === head);
  // `::` and `::1` are no embedded addresses.
  return embeds && !(bytes.slice(0, 15).every((byte) => byte === 0) && (bytes[15] ?? 0) < 2) ? dotted(12) : null;
}

/** The class of an address that needs allowing, null for one that anybody may name (private ranges are: databases live there). */
export function classOf(address: string): AddressClass | null {
  if (isIPv6(address)) {
    const inner = embeddedIpv4(address);
    if (inner !== null) return classOf(inner);
  }
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const plain = address.replace(/%.*$/, '');
  return CLASSES.find(({ list }) => list.check(plain, family))?.name ?? null;
}

/** Whether an address of this class may be named. Metadata never may. */
export function allows(allowance: Allowance, found: AddressClass | null): boolean {
  if (found === null) return true;
  if (found === 'metadata') return false;
  return allowance === 'all' || (allowance === 'loopback' && found === 'loopback');
}

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

/** Throws `environment.address_refused` for a host that is, or resolves to, an address that is not allowed; `at` is the request's field. */
export async function guardAddress(
  host: string,
  allowance: Allowance,
  { resolve = resolveName, at = 'host' }: { resolve?: Resolve; at?: string } = {},
): Promise<void> {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (METADATA_NAMES.has(name)) throw refused(host, 'metadata', at);
  const addresses = isIP(name) ? [name] : await resolve(name);
  for (const address of addresses) {
    const found = classOf(address);
    if (found !== null && !allows(allowance, found)) throw refused(host, found, at);
  }
}

/** The host of a URL, without the brackets of an IPv6 address. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

function refused(host: string, found: AddressClass, at: string): OperationError {
  const article = found === 'unspecified' ? 'an' : 'a';
  return new OperationError('environment.address_refused', `${host} is ${article} ${found} address`, {
    hint:
      found === 'loopback'
        ? 'Set HOLDFAST_ALLOW_PRIVATE_ADDRESSES=loopback to back up servers of this machine.'
        : 'Name the address under which the server is reached from elsewhere.',
    errors: [{ at, message: `${article} ${found} address is not allowed` }],
  });
}
