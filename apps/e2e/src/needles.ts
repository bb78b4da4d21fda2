import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A secret by the name under which a failed test speaks of it. */
export interface Secret {
  name: string;
  text: string;
}

/** The texts in which a secret could hide: itself, in base64 wherever it begins, in hex. */
function shapesOf(text: string): string[] {
  const bytes = Buffer.from(text);
  // Without the characters at both ends that depend on what stands beside them.
  const base64 = [0, 1, 2].map((shift) => {
    const all = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return all.slice(shift === 0 ? 0 : shift + 1, -2);
  });
  return [text, ...base64, bytes.toString('hex')];
}

/** Looks for secrets in anything; what it found is named by secret and place, never by the secret. */
export class Search {
  private readonly shapes: { name: string; bytes: Buffer }[];
  readonly hits = new Set<string>();
  /** Places looked at. */
  looked = 0;

  constructor(secrets: Secret[]) {
    this.shapes = secrets.flatMap(({ name, text }) => {
      if (text.length < 8) throw new Error(`${name} is too short to be told from chance`);
      return shapesOf(text).map((shape) => ({ name, bytes: Buffer.from(shape) }));
    });
  }

  /** True when it holds one. */
  look(place: string, found: string | Buffer): boolean {
    this.looked += 1;
    const bytes = typeof found === 'string' ? Buffer.from(found) : found;
    const here = this.shapes.filter((shape) => bytes.includes(shape.bytes)).map(({ name }) => `${name} in ${place}`);
    for (const hit of here) this.hits.add(hit);
    return here.length > 0;
  }

  async lookInFile(path: string): Promise<void> {
    const longest = Math.max(...this.shapes.map(({ bytes }) => bytes.length));
    let rest: Buffer = Buffer.alloc(0);
    for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
      const piece = Buffer.concat([rest, part]);
      if (this.look(path, piece)) return;
      rest = piece.subarray(-longest);
    }
  }

  /** Every file below a directory. */
  async lookBelow(directory: string): Promise<number> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    for (const file of files) await this.lookInFile(join(file.parentPath, file.name));
    return files.length;
  }
}
