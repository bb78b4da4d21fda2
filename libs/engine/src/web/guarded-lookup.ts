import { addressRefused, isMetadataName, plainHost, refusedClass, type AddressAllowance } from '@holdfast/contracts';
import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

/**
 * Resolves names for a connection as the system does, and fails with `environment.address_refused` where one of the
 * addresses is not allowed: what is checked is what is connected to, whatever the name meant when the API looked.
 */
export const guardedLookup =
  (allowance: AddressAllowance): LookupFunction =>
  (host, options, callback) => {
    lookup(host, options, (error, address: string | LookupAddress[], family) => {
      if (error) return callback(error, address, family);
      const addresses = typeof address === 'string' ? [address] : address.map((one) => one.address);
      const found = refusedClass(addresses, allowance);
      return callback(found && addressRefused(host, found), address, family);
    });
  };

/** Throws `environment.address_refused` for what no lookup sees: an address in place of a name, a metadata service's name. */
export function guardHost(host: string, allowance: AddressAllowance): void {
  if (isMetadataName(host)) throw addressRefused(host, 'metadata');
  const name = plainHost(host);
  const found = isIP(name) ? refusedClass([name], allowance) : null;
  if (found) throw addressRefused(host, found);
}

/** The addresses of a host that may be connected to, for a program that would resolve it by itself. */
export async function guardedAddresses(host: string, allowance: AddressAllowance): Promise<string[]> {
  guardHost(host, allowance);
  return new Promise((resolve, reject) => {
    guardedLookup(allowance)(host, { all: true }, (error, address) => {
      if (error) reject(error);
      else resolve([address].flat().map((one) => (typeof one === 'string' ? one : one.address)));
    });
  });
}
