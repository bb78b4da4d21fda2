import type { Manifest } from '../manifest/manifest.ts';
import { readPlain } from '../repository/chunk-store.ts';
import type { Repository } from '../repository/repository.ts';
import { release } from '../repository/slabs.ts';

/** Opens chunks and keeps the last one: small artifacts that come one after another share it. */
export class ChunkOpener {
  private readonly repository: Repository;
  private readonly manifest: Manifest;
  private readonly signal: AbortSignal;
  private last: { index: number; opened: { plain: Buffer; sha256: string } | string } | undefined;

  constructor(repository: Repository, manifest: Manifest, signal: AbortSignal) {
    this.repository = repository;
    this.manifest = manifest;
    this.signal = signal;
  }

  /** Plain bytes, which stand until the next chunk is opened, or what is wrong. */
  async open(index: number): Promise<{ plain: Buffer; sha256: string } | string> {
    if (this.last?.index === index) return this.last.opened;
    this.close();
    const chunk = this.manifest.chunks[index];
    if (!chunk) return 'names a chunk that is not listed';
    const plain = await readPlain(this.repository, chunk, this.signal);
    const opened = typeof plain === 'string' ? plain : { plain, sha256: chunk.sha256 };
    this.last = { index, opened };
    return opened;
  }

  close(): void {
    if (this.last && typeof this.last.opened !== 'string') release(this.last.opened.plain);
    this.last = undefined;
  }
}
