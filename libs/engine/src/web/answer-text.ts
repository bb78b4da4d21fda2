import type { Readable } from 'node:stream';

const SHOWN = 300;
/** Characters may have up to four bytes, and there may be a secret or two before what is shown. */
const READ_BYTES = 4 << 10;

/** The beginning of what a server says, for errors, with the secret struck out. Of a longer text the rest is not read. */
export async function beginningOf(body: Readable, secret: string): Promise<string> {
  const most = READ_BYTES + secret.length;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    parts.push(part);
    size += part.length;
    if (size > most) break;
  }
  const text = Buffer.concat(parts).subarray(0, most).toString('utf8');
  if (secret === '') return text.slice(0, SHOWN);
  const struck = text.replaceAll(secret, '…');
  // where the reading ended, it may have cut a secret in two
  const whole = size > most ? struck.length - (secret.length - 1) : struck.length;
  return struck.slice(0, Math.max(0, Math.min(SHOWN, whole)));
}
