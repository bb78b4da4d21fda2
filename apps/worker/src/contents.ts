import { CONTENT_KINDS, OperationError, type ContentsAnswer, type ObjectsAnswer } from '@holdfast/contracts';
import { pageOfContents, pageOfObjects, readContents, type BackupContents, type Repository } from '@holdfast/engine';
import { openRegisteredRepository } from '@holdfast/temporal/activities';
import type { ActivityDependencies } from '@holdfast/temporal/activities';
import { z } from 'zod';
import { findBackup } from './downloads.ts';

/** Backups whose contents lie here for the pages that follow: reading a large manifest takes seconds. */
const REMEMBERED = 4;
const REMEMBERED_MS = 5 * 60_000;
/** Reading goes on when whoever asked has gone, since the next one asks for the same; but not for ever. */
const READ_WITHIN_MS = 120_000;

const place = { from: z.coerce.number().int().min(0), limit: z.coerce.number().int().min(1).max(200) };
const text = z.string().nullable().default(null);
const ContentsQuery = z.object({ ...place, kinds: z.array(z.enum(CONTENT_KINDS)), schema: text, search: text });
const ObjectsQuery = z.object({ ...place, bucket: text, prefix: text, search: text });

interface Remembered {
  readAt: number;
  contents: Promise<BackupContents>;
}

/** Tells what is inside backups, page by page; remembers a few for a while. */
export class ContentsReader {
  private readonly dependencies: Pick<ActivityDependencies, 'database'>;
  private readonly remembered = new Map<string, Remembered>();

  constructor(dependencies: Pick<ActivityDependencies, 'database'>) {
    this.dependencies = dependencies;
  }

  async contents(backupId: string, query: URLSearchParams, signal: AbortSignal): Promise<ContentsAnswer> {
    const asked = ContentsQuery.parse({ ...Object.fromEntries(query), kinds: query.getAll('kinds') });
    const { contents } = await this.open(backupId, signal);
    return pageOfContents(contents, asked);
  }

  async objects(backupId: string, query: URLSearchParams, signal: AbortSignal): Promise<ObjectsAnswer> {
    const asked = ObjectsQuery.parse(Object.fromEntries(query));
    const { contents, repository } = await this.open(backupId, signal);
    if (!contents.objects) return { items: [], next: null };
    return pageOfObjects(repository, contents.objects, asked, signal);
  }

  private async open(
    backupId: string,
    signal: AbortSignal,
  ): Promise<{ contents: BackupContents; repository: Repository }> {
    const { environmentId, repositoryId, manifestSha256 } = await findBackup(this.dependencies, backupId);
    const repository = await openRegisteredRepository(this.dependencies, repositoryId);
    const key = `${backupId} ${manifestSha256}`;
    const known = this.remembered.get(key);
    if (known && Date.now() - known.readAt < REMEMBERED_MS)
      return { contents: await until(known.contents, signal), repository };
    const input = { repository, environmentId, backupId, manifestSha256 };
    const contents = readContents(input, AbortSignal.timeout(READ_WITHIN_MS));
    this.remember(key, contents);
    return { contents: await until(contents, signal), repository };
  }

  private remember(key: string, contents: Promise<BackupContents>): void {
    this.remembered.delete(key);
    this.remembered.set(key, { readAt: Date.now(), contents });
    // what failed is asked again
    contents.catch(() => this.remembered.delete(key));
    const [oldest] = this.remembered.keys();
    if (this.remembered.size > REMEMBERED && oldest !== undefined) this.remembered.delete(oldest);
  }
}

/** Waits no longer than anybody is there to be told. */
async function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new OperationError('operation.cancelled', 'The client went away'));
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
