import { deriveKey } from './keys.ts';
import { open, seal } from './seal.ts';

const VERSION = 'v1.';
const PURPOSE = 'secrets';

/** Seals a secret for storage; it opens only with the same master key and the same `context` (such as its row's id). */
export function sealSecret(masterKey: Uint8Array, plain: string, context: string): string {
  return VERSION + seal(deriveKey(masterKey, PURPOSE), Buffer.from(plain, 'utf8'), context).toString('base64url');
}

/** Opens a sealed secret; throws an Error without any part of it when key, context or text is not the one it was sealed with. */
export function openSecret(masterKey: Uint8Array, sealed: string, context: string): string {
  if (!sealed.startsWith(VERSION)) throw new Error('The sealed secret has an unknown version');
  const text = sealed.slice(VERSION.length);
  const bytes = Buffer.from(text, 'base64url');
  // Decoding skips what is not base64url, so a changed text could decode to the same bytes.
  if (bytes.toString('base64url') !== text) throw new Error('The sealed secret is not base64url');
  try {
    return open(deriveKey(masterKey, PURPOSE), bytes, context).toString('utf8');
  } catch (cause) {
    throw new Error('The sealed secret does not open with this key and context', { cause });
  }
}
