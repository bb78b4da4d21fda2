import { OperationError } from './operation-error.ts';

export const ADDRESS_ALLOWANCES = ['none', 'loopback', 'all'] as const;
/** Which special addresses environments may have. Private networks are always allowed, metadata services never. */
export type AddressAllowance = (typeof ADDRESS_ALLOWANCES)[number];

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

const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data.ec2.internal']);

const EMBEDDED_PREFIXES = ['::ffff:', '64:ff9b::', '::'];

/** The four or sixteen bytes of an address. */
function bytesOf(address: string): number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
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

/** Whether bytes begin with the first `prefix` bits of others. */
function isWithin(bytes: number[], base: number[], prefix: number): boolean {
  if (bytes.length !== base.length) return false;
  return bytes.every((byte, n) => {
    const free = Math.min(Math.max(8 * (n + 1) - prefix, 0), 8);
    return byte >> free === (base[n] ?? 0) >> free;
  });
}

const CLASSES = Object.entries(RANGES).map(([name, ranges]) => ({
  name: name as AddressClass,
  ranges: ranges.map(([address, prefix]) => ({ base: bytesOf(address), prefix })),
}));

/** The class of an IP address that needs allowing, null for one that anybody may name (private ranges are: databases live there). */
export function classOf(address: string): AddressClass | null {
  if (address.includes(':')) {
    const inner = embeddedIpv4(address);
    if (inner !== null) return classOf(inner);
  }
  const bytes = bytesOf(address);
  const within = ({ base, prefix }: { base: number[]; prefix: number }): boolean => isWithin(bytes, base, prefix);
  return CLASSES.find(({ ranges }) => ranges.some(within))?.name ?? null;
}

/** Whether an address of this class may be named. Metadata never may. */
export function allows(allowance: AddressAllowance, found: AddressClass | null): boolean {
  if (found === null) return true;
  if (found === 'metadata') return false;
  return allowance === 'all' || (allowance === 'loopback' && found === 'loopback');
}

/** A host's name as it is compared: without case and the dot of the root. */
export const plainHost = (host: string): string => host.toLowerCase().replace(/\.$/, '');

/** Whether a name is one of a metadata service, whatever it resolves to. */
export const isMetadataName = (host: string): boolean => METADATA_NAMES.has(plainHost(host));

/** The first class among a host's IP addresses that is not allowed, null: it may be connected to. */
export const refusedClass = (addresses: string[], allowance: AddressAllowance): AddressClass | null =>
  addresses.map(classOf).find((found) => !allows(allowance, found)) ?? null;

/** `environment.address_refused`; `at` is the request's field, where there is one. */
export function addressRefused(host: string, found: AddressClass, at?: string): OperationError {
  const article = found === 'unspecified' ? 'an' : 'a';
  return new OperationError('environment.address_refused', `${host} is ${article} ${found} address`, {
    hint:
      found === 'loopback'
        ? 'Set HOLDFAST_ALLOW_PRIVATE_ADDRESSES=loopback, for the API and the workers, to back up servers of this machine.'
        : 'Name the address under which the server is reached from elsewhere.',
    ...(at === undefined ? {} : { errors: [{ at, message: `${article} ${found} address is not allowed` }] }),
  });
}
