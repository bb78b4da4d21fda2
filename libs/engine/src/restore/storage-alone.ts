import type { PreflightFinding, RestoreReport } from '@holdfast/contracts';
import type pg from 'pg';
import type { Manifest } from '../manifest/manifest.ts';
import { connect, disconnect, translateQuery } from '../postgres/connection.ts';
import type { Meter } from '../run.ts';
import { restoredStorage } from '../storage/restore-objects.ts';
import { hasStorage } from '../storage/source-objects.ts';
import { copyFindings, LOOK_SETTINGS, refuseBlockers } from './preflight.ts';
import type { RestoreArguments } from './restore.ts';
import { giveStorageBack, type StorageLook } from './storage-part.ts';

interface AloneLook {
  serverVersion: string;
  findings: PreflightFinding[];
  /** Objects that the target holds. */
  objects: number;
}

async function look(client: pg.Client, input: RestoreArguments, manifest: Manifest): Promise<AloneLook> {
  const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
  const serverVersion = rows[0]?.version ?? '';
  if (!(await hasStorage(client))) {
    const message = "The target's database has no tables storage.buckets and storage.objects";
    return { serverVersion, objects: 0, findings: [{ severity: 'blocker', code: 'storage.missing', message }] };
  }
  const counted = await client.query<{ objects: number }>('SELECT count(*)::float8 AS objects FROM storage.objects');
  const objects = counted.rows[0]?.objects ?? 0;
  const { target, newDatabase, guard } = input;
  const { findings } = await copyFindings(client, { manifest, target, newDatabase, guard }, objects);
  if (objects > 0 && !input.overwrite) {
    const message = `The target's storage holds ${objects} objects; those of the same name are replaced`;
    findings.push({ severity: 'blocker', code: 'restore.target_not_empty', message, hint: 'Set overwrite.' });
  }
  return { serverVersion, findings, objects };
}

async function preflightAlone(input: RestoreArguments, manifest: Manifest, signal: AbortSignal): Promise<AloneLook> {
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
 * Gives storage back and leaves the database as it is but for the rows of what is given back. Objects that the backup
 * does not hold stay. Throws as `restore` does.
 */
export async function restoreStorageAlone(
  input: RestoreArguments,
  manifest: Manifest,
  { endpoint, findings: told, gaps }: StorageLook,
  meter: Meter,
  signal: AbortSignal,
): Promise<RestoreReport> {
  const began = Date.now();
  const { serverVersion, findings: found, objects } = await preflightAlone(input, manifest, signal);
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
