// Keyed by:  backup/<environment>/<operation>, one workflow an operation.
// Steps:     begin (the environment alone, the repository beside others) -> runBackup -> finish.
//            A safety backup takes no leases: it runs under those of the restore that started it as a child.
// Undone:    nothing: the manifest is written last, so what a failed or cancelled backup stored is not listed, and the
//            next sweep of the repository removes it.
// A crash:   of the worker ends its attempt after ten seconds without a heartbeat; the next attempt opens a new snapshot
//            and finds the chunks that are stored already. Between engine and finish, the result is in the history.
import type { BackupOutput, OperationStart } from '@holdfast/contracts';
import { runBackup } from './asked-activities.ts';
import { recordedOperation } from './recorded-operation.ts';

/** Backs up one environment into one repository. */
export async function backup(start: OperationStart<'backup'>): Promise<BackupOutput> {
  const { environmentId, repositoryId, heldBy } = start.input;
  const summary = await recordedOperation(
    'backup',
    start,
    heldBy === undefined
      ? [
          { resource: `environment:${environmentId}`, mode: 'exclusive' },
          { resource: `repository:${repositoryId}`, mode: 'shared' },
        ]
      : [],
    () => runBackup(start),
  );
  // as the row has it: these four are the catalog's
  const {
    takenAt: _takenAt,
    serverVersion: _version,
    database: _database,
    manifestSha256: _sha256,
    ...output
  } = summary;
  return output;
}
