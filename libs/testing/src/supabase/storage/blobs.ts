import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { refusals } from './storage-error.ts';

/** Where one version of an object's bytes lies. */
export interface BlobPlace {
  bucket: string;
  id: string;
  version: string;
}

/** Bytes that have arrived but belong to no object yet. */
export interface Arrived {
  path: string;
  size: number;
  /** MD5 in hexadecimal digits. */
  md5: string;
}

/** The objects' bytes in files: `<dir>/<bucket>/<version>`. */
export class Blobs {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * The file of a version, which has a name of its own: an object's id may be changed by whoever may write its row, and
   * its bytes are found all the same. A bucket's name may be `..`, so it never becomes a path as it is.
   */
  path({ bucket, version }: BlobPlace): string {
    return join(this.#dir, encodeURIComponent(bucket).replaceAll('.', '%2E'), version);
  }

  /** Streams bytes into a file of their own; throws as the server does once they are more than `limit`. */
  async receive(source: Readable, limit: number): Promise<Arrived> {
    const path = join(this.#dir, '.arriving', randomUUID());
    await mkdir(dirname(path), { recursive: true });
    const hash = createHash('md5');
    let size = 0;
    // A source that was not read to its end stays open: its other end is to hear why.
    const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    const measured = async function* () {
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > limit) throw refusals.tooLarge();
        hash.update(chunk);
        yield chunk;
      }
    };
    try {
      await pipeline(measured, createWriteStream(path));
    } catch (error) {
      await this.discard({ path });
      throw error;
    }
    return { path, size, md5: hash.digest('hex') };
  }

  discard = (arrived: { path: string }): Promise<void> => rm(arrived.path, { force: true });

  async keep(arrived: { path: string }, place: BlobPlace): Promise<void> {
    await mkdir(dirname(this.path(place)), { recursive: true });
    await rename(arrived.path, this.path(place));
  }

  async copy(from: BlobPlace, to: BlobPlace): Promise<void> {
    await mkdir(dirname(this.path(to)), { recursive: true });
    await copyFile(this.path(from), this.path(to));
  }

  /** Bytes on disk; null for a row that has none. */
  async size(place: BlobPlace): Promise<number | null> {
    const found = await stat(this.path(place)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    return found?.size ?? null;
  }

  open(place: BlobPlace, range?: { start: number; end: number }): Readable {
    return createReadStream(this.path(place), { ...range, highWaterMark: 1024 * 1024 });
  }

  async remove(place: BlobPlace): Promise<void> {
    await rm(this.path(place), { force: true });
  }
}
