import { readObjectList, type ObjectEntry } from '../storage/object-list.ts';

/** An object as the tar names it: names of objects never become paths, whoever chose them. */
export interface TarObject {
  entry: ObjectEntry;
  /** Below `8-storage`; null: the backup has no bytes of it. */
  file: string | null;
  /** A line of `8-storage/objects.jsonl`. */
  line: Buffer;
}

/** The objects of a backup by number, a thousand to a folder. */
export async function* tarObjects(...of: Parameters<typeof readObjectList>): AsyncGenerator<TarObject> {
  let count = 0;
  for await (const entry of readObjectList(...of)) {
    const number = String(count++).padStart(9, '0');
    const file = entry.pieces === null ? null : `objects/${number.slice(0, 6)}/${number}`;
    const { bucket, key, size, sha256, metadata } = entry;
    yield { entry, file, line: Buffer.from(`${JSON.stringify({ file, bucket, key, size, sha256, ...metadata })}\n`) };
  }
}
