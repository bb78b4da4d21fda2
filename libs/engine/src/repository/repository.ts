import { OperationError, type AttachReport } from '@holdfast/contracts';
import { createHash, createHmac, createSecretKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RepositoryDriver } from './driver.ts';
import { isUnfinished, LocalDirectory, LOST_AND_FOUND } from './local-directory.ts';

export const FORMAT_VERSION = 1;
const DESCRIPTOR = 'holdfast.json';

/** The descriptor at a repository's root. `idKey` keys the names of chunks in the plain domain. */
interface Descriptor {
  holdfast: 'repository';
  formatVersion: number;
  repositoryId: string;
  created: string;
  idKey: string;
  sha256: string;
}

/** An opened repository: its place, its identity and the key by which plain chunks are named. */
export interface Repository {
  readonly driver: RepositoryDriver;
  readonly uid: string;
  /** A key object, made once: of a buffer Node would make one for each name. */
  readonly idKey: KeyObject;
}

const digestOf = (descriptor: Omit<Descriptor, 'sha256'>): string =>
  createHash('sha256').update(JSON.stringify(descriptor)).digest('hex');

const descriptorText = (descriptor: Omit<Descriptor, 'sha256'>): string =>
  `${JSON.stringify({ ...descriptor, sha256: digestOf(descriptor) }, null, 2)}\n`;

function parseDescriptor(bytes: Buffer, location: string): Descriptor {
  let parsed: Descriptor;
  try {
    parsed = JSON.parse(bytes.toString('utf8')) as Descriptor;
  } catch (error) {
    throw damaged(location, error);
  }
  if (parsed?.holdfast !== 'repository') throw damaged(location);
  const { sha256, ...rest } = parsed;
  const newer = typeof parsed.formatVersion === 'number' && parsed.formatVersion > FORMAT_VERSION;
  // one of ours whose number was damaged is not taken for a newer one
  if (newer && sha256 !== digestOf({ ...rest, formatVersion: FORMAT_VERSION })) {
    throw new OperationError(
      'repository.format_unsupported',
      `${location} has format ${parsed.formatVersion}; this version reads up to ${FORMAT_VERSION}`,
      { hint: 'Use a newer Holdfast.' },
    );
  }
  // byte for byte: a changed space is a changed file
  if (sha256 !== digestOf(rest) || bytes.toString('utf8') !== descriptorText(rest)) throw damaged(location);
  return parsed;
}

const damaged = (location: string, cause?: unknown): OperationError =>
  new OperationError('repository.missing', `${DESCRIPTOR} in ${location} is damaged`, {
    hint: `Put back a copy of ${DESCRIPTOR}; chunks and manifests are not affected.`,
    cause,
  });

/** Opens what is there; throws `repository.missing`, or `repository.foreign` when it is not the one expected. */
export async function openDriver(driver: RepositoryDriver, expectedUid: string | null): Promise<Repository> {
  const bytes = await driver.read(DESCRIPTOR);
  if (!bytes) {
    throw new OperationError('repository.missing', `${DESCRIPTOR} is missing in ${driver.location}`, {
      hint: 'Is the right disk mounted?',
    });
  }
  const descriptor = parseDescriptor(bytes, driver.location);
  if (expectedUid !== null && descriptor.repositoryId !== expectedUid) {
    throw new OperationError(
      'repository.foreign',
      `${driver.location} holds repository ${descriptor.repositoryId}, not ${expectedUid}`,
      { hint: 'Is the right disk mounted?' },
    );
  }
  const idKey = createSecretKey(descriptor.idKey, 'base64');
  return { driver, uid: descriptor.repositoryId, idKey };
}

export const openRepository = (path: string, expectedUid: string | null): Promise<Repository> =>
  openDriver(new LocalDirectory(path), expectedUid);

/** How many backups lie in a repository, by their manifests. */
export async function countBackups(driver: RepositoryDriver, signal?: AbortSignal): Promise<number> {
  let count = 0;
  for await (const { path } of driver.list('backups')) {
    signal?.throwIfAborted();
    if (path.endsWith('/manifest.json')) count++;
  }
  return count;
}

/** Opens the repository in a directory, or makes one when the directory is empty or absent. */
export async function attachRepository(path: string): Promise<{ repository: Repository; report: AttachReport }> {
  await refuseInside(path);
  const driver = new LocalDirectory(path);
  const found = await mkdir(path, { recursive: true })
    .then(() => readdir(path))
    .catch((error: unknown) => {
      throw new OperationError('repository.unreachable', `${path} cannot be made or read`, { cause: error });
    });
  const created = !found.includes(DESCRIPTOR);
  // what an attach that was killed left there is no reason to refuse the next one
  if (created && found.some((name) => name !== LOST_AND_FOUND && !isUnfinished(name))) {
    throw new OperationError('repository.occupied', `${path} holds other files and no ${DESCRIPTOR}`, {
      hint: 'Choose an empty directory.',
    });
  }
  if (created) {
    const text = descriptorText({
      holdfast: 'repository',
      formatVersion: FORMAT_VERSION,
      repositoryId: randomUUID(),
      created: new Date().toISOString(),
      idKey: randomBytes(32).toString('base64'),
    });
    await driver.write(DESCRIPTOR, Buffer.from(text));
  }
  const repository = await openDriver(driver, null);
  const backups = created ? 0 : await countBackups(driver);
  return { repository, report: { repositoryUid: repository.uid, formatVersion: FORMAT_VERSION, created, backups } };
}

/** Files of one repository are not another's to list, to count and to remove. */
async function refuseInside(path: string): Promise<void> {
  const real = await realpath(path).catch(() => path);
  for (let above = dirname(real); ; above = dirname(above)) {
    if (await stat(join(above, DESCRIPTOR)).then(isFile, () => false)) {
      throw new OperationError('repository.occupied', `${path} lies inside the repository at ${above}`, {
        hint: 'Choose a directory beside it.',
      });
    }
    if (above === dirname(above)) return;
  }
}

const isFile = (found: { isFile(): boolean }): boolean => found.isFile();

/** The name of a plain chunk: HMAC-SHA256 of its SHA-256 under the repository's key, in hex. */
export const chunkId = (repository: Repository, plainSha256: string): string =>
  createHmac('sha256', repository.idKey).update(Buffer.from(plainSha256, 'hex')).digest('hex');

export const chunkPath = (domain: string, id: string): string => `chunks/${domain}/${id.slice(0, 2)}/${id}`;
/** Whether a file of a repository has the place of a chunk. */
export const isChunkPath = (path: string): boolean => /^chunks\/[^/]+\/([0-9a-f]{2})\/\1[0-9a-f]{62}$/.test(path);
export const manifestPath = (environmentId: string, backupId: string): string =>
  `backups/${environmentId}/${backupId}/manifest.json`;
