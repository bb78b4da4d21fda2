import { hkdfSync } from 'node:crypto';

/** The length of the master key and of every key derived from it, in bytes. */
export const KEY_BYTES = 32;

/** A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869): no purpose's key tells anything about another's. */
export function deriveKey(masterKey: Uint8Array, purpose: string): Buffer {
  if (masterKey.length !== KEY_BYTES) throw new Error(`A master key has ${KEY_BYTES} bytes, not ${masterKey.length}`);
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `holdfast:${purpose}`, KEY_BYTES));
}
