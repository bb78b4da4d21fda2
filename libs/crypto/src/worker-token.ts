import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './keys.ts';

const mac = (masterKey: Uint8Array, subject: string, expiry: string): Buffer =>
  createHmac('sha256', deriveKey(masterKey, 'worker-http')).update(`${subject}.${expiry}`).digest();

/**
 * A token that lets its bearer ask a worker for one thing until `expiresAtSeconds` (Unix time). The subject of a download
 * is the backup's id, of anything else an address.
 */
export function signWorkerToken(masterKey: Uint8Array, subject: string, expiresAtSeconds: number): string {
  const expiry = String(Math.floor(expiresAtSeconds));
  return `${mac(masterKey, subject, expiry).toString('base64url')}.${expiry}`;
}

/** True when the token was signed for this subject with this master key and has not expired at `nowSeconds`. */
export function verifyWorkerToken(masterKey: Uint8Array, subject: string, token: string, nowSeconds: number): boolean {
  const match = /^([\w-]{43})\.(\d{1,15})$/.exec(token);
  const [, signature, expiry] = match ?? [];
  if (signature === undefined || expiry === undefined) return false;
  const given = Buffer.from(signature, 'base64url');
  const expected = mac(masterKey, subject, expiry);
  return given.length === expected.length && timingSafeEqual(given, expected) && nowSeconds < Number(expiry);
}
