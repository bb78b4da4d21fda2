import type { PreflightFinding, RestoreReport } from '@holdfast/contracts';
import type pg from 'pg';
import type { Manifest } from '../manifest/manifest.ts';
import { connect, disconnect, translateQuery } from '../postgres/connection.ts';
import type { Meter } from '../run.ts';
import { restoredStorage } from '../storage/restore-objects.ts';
import { hasStorage } from '../storage/source-objects.ts';
import { copyFindings, LOOK_SETTINGS, refuseBlockers } from './preflight.ts';
import type { RestoreArguments } from './restore.ts';
import { giveStorageBack, wants, type StorageLook } from './storage-part.ts';

interface TargetLook {
  serverVersion: string;
  findings: PreflightFinding[];
  /** Objects that the target holds. */
  objects: number;
}

async function look(client: pg.Client, input: RestoreArguments, manifest: Manifest): Promise<TargetLook> {
  const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
  const serverVersion = rows[0]?.version ?? '';
  const { objects, findings: ofStorage } = wants(input, 'storage')
    ? await lookAtObjects(client, input.overwrite)
    : { objects: 0, findings: [] };
  const { target, newDatabase, guard, changesProject = false } = input;
  const replaced = changesProject ? objects + 1 : objects;
  const { findings } = await copyFindings(client, { manifest, target, newDatabase, guard }, replaced);
  return { serverVersion, findings: [...findings, ...ofStorage], objects };
}

async function lookAtObjects(client: pg.Client, overwrite: boolean): Promise<Pick<TargetLook, 'objects' | 'findings'>> {
  if (!(await hasStorage(client))) {
    const message = "The target's database has no tables storage.buckets and storage.objects";
    return { objects: 0, findings: [{ severity: 'blocker', code: 'storage.missing', message }] };
  }
  const counted = await client.query<{ objects: number }>('SELECT count(*)::float8 AS objects FROM storage.objects');
  const objects = counted.rows[0]?.objects ?? 0;
  if (objects === 0 || overwrite) return { objects, findings: [] };
  const message = `The target's storage holds ${objects} objects; those of the same name are replaced`;
  return {
    objects,
    findings: [{ severity: 'blocker', code: 'restore.target_not_empty', message, hint: 'Set overwrite.' }],
  };
}

async function lookAtTarget(input: RestoreArguments, manifest: Manifest, signal: AbortSignal): Promise<TargetLook> {
  const client = await connect(input.target, { signal, settings: LOOK_SETTINGS });
  try {
    return await look(client, input, manifest);
  } catch (error) {
    signal.throwIfAborted();
    throw translateQuery(error, 'looking at the target');
  } finally {
    await disconnect(client);
  }
}

/**
 * A restore of anything but the database, which stays as it is but for the rows of storage that is given back. Objects
 * that the backup does not hold stay. Where storage was not asked for either, this only guards the target of what the
 * caller gives back. Throws as `restore` does.
 */
export async function restoreWithoutDatabase(
  input: RestoreArguments,
  manifest: Manifest,
  { endpoint, findings: told, gaps }: StorageLook,
  meter: Meter,
  signal: AbortSignal,
): Promise<RestoreReport> {
  const began = Date.now();
  const { serverVersion, findings: found, objects } = await lookAtTarget(input, manifest, signal);
  meter.add(1);
  const findings = [...found, ...told];
  if (!input.dryRun) refuseBlockers({ findings });
  const given =
    endpoint && !input.dryRun
      ? await giveStorageBack(input, manifest, { endpoint, keptDatabase: null }, meter, signal)
      : null;
  return {
    ...{ dryRun: input.dryRun, database: input.target.database, serverVersion, findings },
    // by name they are known to the project only
    ...{ overwritten: [], overwrittenCount: objects, tables: 0, rows: 0, bytes: 0, keptDatabase: null },
    rowsCompared: false,
    ...{ differences: given?.differences ?? [], differenceCount: given?.differenceCount ?? 0 },
    gaps: [...manifest.coverage.gaps, ...gaps, ...(given?.gaps ?? [])],
    storage: given && restoredStorage(given),
    quarantine: null,
    seconds: (Date.now() - began) / 1000,
  };
}
