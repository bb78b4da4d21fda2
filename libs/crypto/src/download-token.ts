import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './keys.ts';

const mac = (masterKey: Uint8Array, backupId: string, expiry: string): Buffer =>
  createHmac('sha256', deriveKey(masterKey, 'worker-http')).update(`${backupId}.${expiry}`).digest();

/** A token that lets its bearer download one backup from a worker until `expiresAtSeconds` (Unix time). */
export function signDownload(masterKey: Uint8Array, backupId: string, expiresAtSeconds: number): string {
  const expiry = String(Math.floor(expiresAtSeconds));
  return `${mac(masterKey, backupId, expiry).toString('base64url')}.${expiry}`;
}

/** True when the token was signed for this backup with this master key and has not expired at `nowSeconds`. */
export function verifyDownload(masterKey: Uint8Array, backupId: string, token: string, nowSeconds: number): boolean {
  const match = /^([\w-]{43})\.(\d{1,15})$/.exec(token);
  const [, signature, expiry] = match ?? [];
  if (signature === undefined || expiry === undefined) return false;
  const given = Buffer.from(signature, 'base64url');
  const expected = mac(masterKey, backupId, expiry);
  return given.length === expected.length && timingSafeEqual(given, expected) && nowSeconds < Number(expiry);
}
