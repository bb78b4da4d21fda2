import {
  OperationError,
  type Component,
  type CoverageGap,
  type PreflightFinding,
  type StorageChoice,
} from '@holdfast/contracts';
import { objectListOf, type Manifest } from '../manifest/manifest.ts';
import { gap } from '../postgres/inspect.ts';
import type { Meter } from '../run.ts';
import { storageProblem } from '../storage/check-storage.ts';
import { bucketsOf, restoreObjects, type RestoredObjects } from '../storage/restore-objects.ts';
import type { StorageEndpoint } from '../storage/storage-client.ts';
import type { RestoreArguments } from './restore.ts';

/** What of a restore is about the target's storage. */
export interface StorageTarget {
  /** Null: the target has no address of its project, or no key. */
  endpoint: StorageEndpoint | null;
  /** Null: all. */
  choice: StorageChoice | null;
  /** Objects written at once. */
  parallel: number;
}

/** Whether storage is given back, where to, and what is told of it beforehand. */
export interface StorageLook {
  findings: PreflightFinding[];
  gaps: CoverageGap[];
  /** Null: it is not. */
  endpoint: StorageEndpoint | null;
}

const ALL: StorageChoice = { buckets: [], prefixes: [] };
const nothing: StorageLook = { findings: [], gaps: [], endpoint: null };

/** Whether a restore is one of this part of the project as well. */
export const wants = ({ components }: Pick<RestoreArguments, 'components'>, part: Component): boolean =>
  components?.includes(part) ?? true;

/** Why storage stays out of a restore that did not ask for it by name; null: it goes along. */
function leftOutBecause({ newDatabase, schemas, tables, content }: RestoreArguments): string | null {
  if (newDatabase !== null) return 'A new database has no project server that could take them.';
  if (schemas.length + tables.length > 0) return 'Only chosen tables were asked for.';
  return content === 'schema' ? 'Only the schema was asked for.' : null;
}

function leftOut(asked: boolean, code: string, objects: number, reason: string, hint: string): StorageLook {
  const message = `The ${objects} storage objects of the backup are not given back: ${reason}`;
  if (asked) return { ...nothing, findings: [{ severity: 'blocker', code, message, hint }] };
  const finding: PreflightFinding = { severity: 'warning', code, message, hint };
  return { ...nothing, findings: [finding], gaps: [gap('objects-not-restored', ['storage objects'], reason)] };
}

/**
 * Decides whether the storage of a backup is given back, and asks the project whether it would take it. Throws
 * `storage.bucket_unknown` for a chosen bucket that the backup does not hold.
 */
export async function lookAtStorage(
  input: RestoreArguments,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<StorageLook> {
  const { storage, components = null, repository } = input;
  const list = objectListOf(manifest);
  const asked = components?.includes('storage') ?? false;
  if (!storage || (components !== null && !asked)) return nothing;
  if (!list) {
    const message = 'The backup holds no storage';
    return asked
      ? { ...nothing, findings: [{ severity: 'blocker', code: 'storage.not_in_backup', message }] }
      : nothing;
  }
  const { endpoint, choice } = storage;
  await bucketsOf(repository, manifest, choice ?? ALL, signal);
  const reason = asked && input.newDatabase === null ? null : leftOutBecause(input);
  if (reason !== null) {
    const hint = "Storage goes back into an environment's own project: leave newDatabase and the choice of tables out.";
    return leftOut(asked, 'storage.left_out', list.objects, reason, hint);
  }
  if (endpoint === null) {
    const hint = 'Give the target environment projectUrl and serviceKey.';
    return leftOut(
      asked,
      'storage.no_endpoint',
      list.objects,
      'The target has no project address or service key.',
      hint,
    );
  }
  const refused = await refusalOf(endpoint, signal);
  const what = choice ? 'Chosen storage objects' : `${list.objects} storage objects`;
  const message = `${what} are given back to the project; those that are there with other bytes are replaced`;
  const hint = 'The database that is there now is kept; of objects only a backup of the target keeps what is replaced.';
  const finding: PreflightFinding = { severity: 'warning', code: 'storage.restored', message, hint };
  return { findings: [refused ?? finding], gaps: [], endpoint };
}

async function refusalOf(endpoint: StorageEndpoint, signal: AbortSignal): Promise<PreflightFinding | null> {
  const problem = await storageProblem(endpoint, signal);
  if (problem === null) return null;
  const { code, message, hint } = problem;
  return { severity: 'blocker', code, message, ...(hint === undefined ? {} : { hint }) };
}

/**
 * Gives storage back, after the database: its rows came with that, and name objects whose bytes may not be there. Each is
 * asked for; where the bytes are missing or others, they are uploaded over the row, which then gets its old id, owner and
 * times again. Before the switch the project's server would still write to the database that is replaced. A kill leaves
 * the database switched, with the operation's mark: the next attempt comes straight here, and uploads what is missing.
 */
export async function giveStorageBack(
  input: Pick<RestoreArguments, 'repository' | 'target' | 'storage'>,
  manifest: Manifest,
  { endpoint, keptDatabase }: { endpoint: StorageEndpoint; keptDatabase: string | null },
  meter: Meter,
  signal: AbortSignal,
): Promise<RestoredObjects> {
  const list = objectListOf(manifest);
  if (!list) throw new Error('the backup holds no storage');
  const { repository, target, storage } = input;
  const { choice, parallel = 1 } = storage ?? {};
  const replaced = keptDatabase === null ? null : { ...target, database: keptDatabase };
  const where = { endpoint, target, replaced, parallel };
  const objects = { repository, manifest, list, ...where, choice: choice ?? ALL, signal, meter };
  const done = await restoreObjects(objects);
  if (done.failed > 0 && done.restored + done.kept === 0) throw tookNothing(done);
  return done;
}

/** It answers, and takes no object at all: that is no difference, the storage is not given back. */
function tookNothing({ failed, differences }: RestoredObjects): OperationError {
  const { subject, found } = differences.find(({ kind }) => kind === 'object') ?? {};
  return new OperationError('storage.refused', `The project took none of ${failed} objects; of ${subject}: ${found}`, {
    hint: 'Check the address of the environment, and the limits of its storage.',
  });
}
