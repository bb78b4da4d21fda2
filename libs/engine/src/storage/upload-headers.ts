import type { ObjectMetadata } from './object-list.ts';

type Sent = Pick<ObjectMetadata, 'contentType' | 'cacheControl' | 'userMetadata'>;

/** Servers take 16 KiB of headers in all, proxies as little as 8. */
const MAX_METADATA = 4 << 10;

/** Values that HTTP can carry; an upload in parts can give an object others. */
const canBeSent = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

const encoded = (userMetadata: unknown): string =>
  userMetadata === null || userMetadata === undefined
    ? ''
    : Buffer.from(JSON.stringify(userMetadata)).toString('base64');

/** What of an object's metadata an upload carries. */
export function metadataHeaders({ contentType, cacheControl, userMetadata }: Sent): Record<string, string> {
  const metadata = encoded(userMetadata);
  return {
    'content-type': contentType !== null && canBeSent(contentType) ? contentType : 'application/octet-stream',
    ...(cacheControl !== null && canBeSent(cacheControl) && { 'cache-control': cacheControl }),
    ...(metadata !== '' && metadata.length <= MAX_METADATA && { 'x-metadata': metadata }),
  };
}

/** What of it no upload carries: `headers` are lost by that, `userMetadata` unless its row can be written. */
export function unsent({ contentType, cacheControl, userMetadata }: Sent): {
  headers: string[];
  userMetadata: boolean;
} {
  return {
    headers: [contentType, cacheControl].filter((value) => value !== null).filter((value) => !canBeSent(value)),
    userMetadata: encoded(userMetadata).length > MAX_METADATA,
  };
}
