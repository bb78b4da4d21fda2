import { refusals } from './storage-error.ts';

// What the Storage server takes: ASCII word characters and a few signs, nothing that S3 would have to escape.
const KEY = /^[\w/!\-.*'() &$@=;:+,?]+$/;
const BUCKET = /^[\w!\-.*'() &$@=;:+,?]+$/;
// Bytes are bytes here: both patterns are ASCII only.
const MAX_KEY = 1024;
const MAX_SEGMENT = 255;
const MAX_BUCKET = 100;

/** Throws for an object's key that the real server refuses. */
export function mustBeKey(key: string): void {
  const fits = key.length <= MAX_KEY && key.split('/').every((segment) => segment.length <= MAX_SEGMENT);
  if (!KEY.test(key) || !fits) throw refusals.invalidKey(key);
}

/** Throws for a bucket's name that the real server refuses. */
export function mustBeBucketName(name: string): void {
  if (!BUCKET.test(name) || name.length > MAX_BUCKET || name.trim() !== name) throw refusals.invalidBucket();
}

/** Takes a request's path apart and decodes it; an empty segment stays one. */
export function segmentsOf(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    throw refusals.invalidKey(path);
  }
}

/** A key as a path of a URL. */
export const encodeKey = (key: string): string => key.split('/').map(encodeURIComponent).join('/');
