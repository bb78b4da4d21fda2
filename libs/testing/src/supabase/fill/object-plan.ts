import { createCipheriv, createHash } from 'node:crypto';

/** One object to be, by everything that a download must give back. */
export interface PlannedObject {
  bucket: string;
  key: string;
  size: number;
  contentType: string;
  cacheControl: string;
  userMetadata: Record<string, unknown> | null;
  /** The number of the user who owns it, from 1; null for nobody. */
  owner: number | null;
}

export const BUCKETS = [
  { id: 'avatars', public: true, file_size_limit: null, allowed_mime_types: null },
  { id: 'documents', public: false, file_size_limit: null, allowed_mime_types: null },
  { id: 'images', public: false, file_size_limit: 1_000_000, allowed_mime_types: ['image/png', 'image/jpeg'] },
];

const ODD_KEYS = [
  'spaces in a name.txt',
  ' outer ',
  'query?x=1&y=2.txt',
  'double//slash.txt',
  'folder/',
  '/absolute.txt',
  'Report.PDF',
  'report.pdf',
  `long/${'segment-'.repeat(31)}1234567`,
  `${'deep/'.repeat(40)}end.txt`,
  '.hidden',
  '...',
  "it's (1) $&@=;:+,!*.txt",
  'no-extension',
  'empty.txt',
  'empty/.emptyFolderPlaceholder',
  'shared/for everybody.txt',
];

const TYPES = ['text/plain', 'application/json; charset=utf-8', 'text/html', 'application/octet-stream', 'video/mp4'];
const CACHE = ['max-age=3600', 'no-cache', 'max-age=31536000, immutable', 'public, max-age=60'];
const METADATA = [
  null,
  { title: 'Příliš žluťoučký kůň 🐎' },
  { 'kľúč s medzerou': ['a', 1, null, { deep: true }], 日本: '語' },
  { quotes: `"'\\`, newline: 'a\nb' },
];

const BIG_KEY = 'backups/one big file.bin';

/** What objects there will be, odd ones first: the same for the same counts. */
export function* planObjects(count: number, people: number, bigBytes: number): Generator<PlannedObject> {
  for (let n = 0; n < count; n++) {
    const odd = ODD_KEYS[n];
    const big = n === ODD_KEYS.length && bigBytes > 0;
    const bucket = odd !== undefined || big ? 'documents' : ['documents', 'avatars', 'images', 'documents'][n % 4]!;
    const ordinary = `${bucket === 'documents' ? `year-${2020 + (n % 7)}/` : ''}file ${n}.${bucket === 'images' ? 'png' : 'dat'}`;
    yield {
      bucket,
      key: odd ?? (big ? BIG_KEY : ordinary),
      size: big ? bigBytes : odd?.startsWith('empty') || n % 97 === 96 ? 0 : 40 + ((n * 7919) % 9000),
      contentType: bucket === 'images' ? 'image/png' : TYPES[n % TYPES.length]!,
      cacheControl: CACHE[n % CACHE.length]!,
      userMetadata: METADATA[n % METADATA.length]!,
      owner: people > 0 && n % 5 !== 4 ? (n % people) + 1 : null,
    };
  }
}

const PIECE = Buffer.alloc(256 * 1024);

/** An object's bytes in pieces: they look random and follow from bucket, key and size alone. */
export function* bytesOf({ bucket, key, size }: Pick<PlannedObject, 'bucket' | 'key' | 'size'>): Generator<Buffer> {
  const seed = createHash('sha256').update(`${bucket}\0${key}`).digest();
  const stream = createCipheriv('aes-128-ctr', seed.subarray(0, 16), seed.subarray(16));
  for (let left = size; left > 0; left -= PIECE.length)
    yield stream.update(PIECE.subarray(0, Math.min(left, PIECE.length)));
}

/** SHA-256 of an object's bytes, in hexadecimal digits. */
export function sha256Of(object: Pick<PlannedObject, 'bucket' | 'key' | 'size'>): string {
  const hash = createHash('sha256');
  for (const piece of bytesOf(object)) hash.update(piece);
  return hash.digest('hex');
}
