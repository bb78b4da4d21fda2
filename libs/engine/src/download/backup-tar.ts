import { OperationError } from '@holdfast/contracts';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { artifactOfFile, readFunctionList } from '../functions/function-list.ts';
import { tarLine, tarPath } from '../functions/tar-functions.ts';
import { readArtifact } from '../manifest/artifact-reader.ts';
import {
  functionListOf,
  isTable,
  objectListOf,
  readManifest,
  textArtifact,
  type Artifact,
  type Manifest,
  type ObjectListArtifact,
  type TextArtifact,
} from '../manifest/manifest.ts';
import { readStored } from '../repository/chunk-store.ts';
import { release } from '../repository/slabs.ts';
import type { Repository } from '../repository/repository.ts';
import { copyInStatement } from '../restore/load-rows.ts';
import { Meter, type Run } from '../run.ts';
import { artifactOfObject } from '../storage/object-list.ts';
import { tarObjects } from './tar-objects.ts';
import { readmeText, RESTORE_SCRIPT } from './tar-texts.ts';

export interface TarInput {
  repository: Repository;
  environmentId: string;
  backupId: string;
  manifestSha256?: string | null;
}

const TEXTS: { kind: TextArtifact['kind']; file: string }[] = [
  { kind: 'roles', file: '1-roles.sql' },
  { kind: 'pre-data', file: '2-pre-data.sql' },
  { kind: 'sequences', file: '4-sequences.sql' },
  { kind: 'large-object-definitions', file: '5-large-objects.sql' },
  { kind: 'post-data', file: '6-post-data.sql' },
  { kind: 'database', file: '7-database.sql' },
];

/** One tar of one backup: entries are written one after another, each with its size known before its bytes. */
class BackupTar {
  private readonly tar: Pack = pack();
  private readonly repository: Repository;
  private readonly manifest: Manifest;
  private readonly signal: AbortSignal;
  private readonly stop = new AbortController();
  /** Of the caller, or ours when nobody reads any more. */
  private readonly ended: AbortSignal;
  private readonly meter: Meter;
  private readonly mtime: Date;

  constructor(repository: Repository, manifest: Manifest, signal: AbortSignal, meter: Meter) {
    this.repository = repository;
    this.manifest = manifest;
    this.signal = signal;
    this.ended = AbortSignal.any([signal, this.stop.signal]);
    this.meter = meter;
    this.mtime = new Date(manifest.source.takenAt);
  }

  async send(output: Writable): Promise<void> {
    const written = this.writeAll().then(
      () => this.tar.finalize(),
      (error: unknown) => this.tar.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    try {
      await pipeline(this.parts(), output, { signal: this.signal });
    } catch (error) {
      this.signal.throwIfAborted();
      throw error;
    } finally {
      // whoever reads may be gone: nothing is read for nobody
      this.stop.abort();
      await written;
    }
  }

  /** As an iterable: a stream that is not Node's own is not torn down by `pipeline` without loose ends. */
  private async *parts(): AsyncGenerator<Buffer> {
    for await (const part of this.tar) yield part as Buffer;
  }

  private async writeAll(): Promise<void> {
    await this.text('README.md', readmeText(this.manifest));
    await this.text('restore.sh', RESTORE_SCRIPT, 0o755);
    for (const { kind, file } of TEXTS) await this.plain(file, textArtifact(this.manifest, kind));
    for (const [index, table] of this.manifest.artifacts.filter(isTable).entries()) {
      const name = `3-rows/${String(index + 1).padStart(6, '0')}`;
      await this.text(`${name}.sql`, `${copyInStatement(table)}\n`);
      await this.rows(name, table);
    }
    const objects = this.manifest.artifacts.find(({ kind }) => kind === 'large-objects');
    if (objects) await this.rows('5-large-objects', objects);
    const list = objectListOf(this.manifest);
    if (list) await this.storage(list);
    await this.functions();
    const settings = this.manifest.artifacts.find(({ kind }) => kind === 'settings');
    if (settings) await this.plain('settings.json', settings);
  }

  /** The list goes first, which is read twice: a tar names the size of a file before its bytes. */
  private async storage(list: ObjectListArtifact): Promise<void> {
    const { repository, manifest, ended } = this;
    const all = () => tarObjects(repository, manifest, list, ended);
    await this.plain('8-storage/buckets.jsonl', textArtifact(manifest, 'buckets'));
    let size = 0;
    for await (const { line } of all()) size += line.length;
    await this.entry(
      '8-storage/objects.jsonl',
      size,
      (async function* () {
        for await (const { line } of all()) yield line;
      })(),
    );
    for await (const { entry, file } of all()) {
      if (file === null) continue;
      const bytes = readArtifact(repository, manifest, artifactOfObject(entry), ended);
      await this.entry(`8-storage/${file}`, entry.size, owned(bytes));
    }
  }

  private async functions(): Promise<void> {
    const { repository, manifest, ended } = this;
    const list = functionListOf(manifest);
    if (!list) return;
    const lines: string[] = [];
    for await (const entry of readFunctionList(repository, manifest, list, ended)) {
      for (const file of entry.files ?? []) {
        const bytes = owned(readArtifact(repository, manifest, artifactOfFile(file), ended));
        await this.entry(tarPath(list, entry.slug, file), file.size, bytes);
      }
      lines.push(tarLine(list, entry));
    }
    await this.text('functions.jsonl', lines.join(''));
  }

  private async entry(name: string, size: number, bytes: AsyncIterable<Uint8Array>, mode = 0o644): Promise<void> {
    const sink = this.tar.entry({ name: `backup/${name}`, size, mode, mtime: this.mtime });
    // what ends the tar ends its entry too; whoever waits for the tar is told
    sink.on('error', () => undefined);
    for await (const part of bytes) {
      this.meter.add(part.length, part.length);
      if (!sink.write(part)) await once(sink, 'drain', { signal: this.ended });
    }
    sink.end(undefined);
    await once(sink, 'finish', { signal: this.ended });
  }

  private async text(name: string, text: string, mode?: number): Promise<void> {
    const bytes = Buffer.from(text);
    await this.entry(
      name,
      bytes.length,
      (async function* () {
        yield bytes;
      })(),
      mode,
    );
  }

  private plain(name: string, artifact: Artifact): Promise<void> {
    return this.entry(name, artifact.size, owned(readArtifact(this.repository, this.manifest, artifact, this.ended)));
  }

  /** Rows as they are stored where the artifact has its chunks to itself: frames of zstd may stand side by side. */
  private rows(name: string, artifact: Artifact): Promise<void> {
    const chunks = artifact.pieces.map((piece) => ({ piece, chunk: this.manifest.chunks[piece.chunk] }));
    const whole = chunks.every(({ piece, chunk }) => chunk && piece.offset === 0 && piece.length === chunk.size);
    if (!whole || artifact.size === 0) return this.plain(`${name}.copy`, artifact);
    const size = chunks.reduce((sum, { chunk }) => sum + (chunk?.storedSize ?? 0), 0);
    return this.entry(`${name}.copy.zst`, size, this.stored(artifact));
  }

  private async *stored(artifact: Artifact): AsyncGenerator<Buffer> {
    for (const piece of artifact.pieces) {
      const chunk = this.manifest.chunks[piece.chunk];
      const stored = chunk ? await readStored(this.repository, chunk, this.ended) : 'missing';
      if (typeof stored === 'string') {
        throw new OperationError('backup.damaged', `${artifact.name}: chunk ${chunk?.id} is damaged (${stored})`);
      }
      const own = Buffer.from(stored);
      release(stored);
      yield own;
    }
  }
}

/** Copies that may be kept: the tar has parts in its queue when the next is read. */
async function* owned(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of parts) yield Buffer.from(part);
}

/**
 * Streams a backup as a tar of plain files, with a README and a script that restore it by `psql` and `zstd` alone. Every
 * chunk is checked before it is sent; a damaged one breaks the stream, so that a cut tar never looks whole.
 */
export async function writeBackupTar(input: TarInput, output: Writable, run: Run): Promise<void> {
  const { repository, environmentId, backupId, manifestSha256 = null } = input;
  const manifest = await readManifest(repository, environmentId, backupId, run.signal, manifestSha256);
  const meter = new Meter(run);
  meter.step('rows', 'bytes', null);
  await new BackupTar(repository, manifest, run.signal, meter).send(output);
}
