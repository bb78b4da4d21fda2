import { OperationError, type Quarantine } from '@holdfast/contracts';
import { maintenance } from '../postgres/databases.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { keptDatabase, unmark, wasSwitched } from './switch.ts';

/** Which restore, and where its database is. */
export interface RestoredPlace {
  target: PostgresTarget;
  newDatabase: string | null;
  operationId: string;
}

const databaseOf = ({ target, newDatabase }: RestoredPlace): string => newDatabase ?? target.database;

/** What an earlier attempt of this operation left that did it all and was killed before it could say so; else null. */
export const restoredEarlier = (
  place: RestoredPlace & { keepsMark?: boolean },
  signal: AbortSignal,
): Promise<{ keptDatabase: string | null } | null> =>
  maintenance(place.target, signal, async (client) => {
    const [database, { operationId }] = [databaseOf(place), place];
    if (!(await wasSwitched(client, database, operationId))) return null;
    if (!place.keepsMark) await unmark(client, database, operationId);
    return { keptDatabase: await keptDatabase(client, database, operationId) };
  });

/** Whether an earlier attempt of a restore that keeps its mark has put the database in its place. */
export const isRestored = async (place: RestoredPlace, signal: AbortSignal): Promise<boolean> =>
  (await restoredEarlier({ ...place, keepsMark: true }, signal)) !== null;

/** Takes the mark of a restore away, once its end can no longer be forgotten; one that is not there is no error. */
export const settleRestore = (place: RestoredPlace, signal: AbortSignal): Promise<void> =>
  maintenance(place.target, signal, (client) => unmark(client, databaseOf(place), place.operationId));

const ASK_MS = 15_000;

/**
 * A cancel may meet the COMMIT on its way, and nobody can take that back: throws `operation.cancelled` with what was done.
 * Where the server cannot be asked, the cancel is told as any other: a later attempt, if there is one, finds the mark.
 */
export async function tellIfDone(place: RestoredPlace, cause: unknown): Promise<void> {
  const asked = restoredEarlier({ ...place, keepsMark: true }, AbortSignal.timeout(ASK_MS));
  const done = await asked.catch(() => null);
  if (done === null) return;
  const kept = done.keptDatabase === null ? [] : [`What it held before is kept as ${done.keptDatabase}.`];
  const message = `Cancelled too late: ${databaseOf(place)} is restored.`;
  throw new OperationError('operation.cancelled', [message, ...kept].join(' '), { cause });
}

/** What people must know of a restore whose database is in its place. */
export interface RestoredDatabase {
  database: string;
  keptDatabase: string | null;
  quarantine: Pick<Quarantine, 'count'> | null;
}

/**
 * Does what comes after the database. A failure or a cancel of it reads as if the target were untouched: so it says that
 * the database is restored, where the one before is kept, and that a quarantine waits for its release.
 */
export async function afterDatabase<T>(
  { database, keptDatabase, quarantine }: RestoredDatabase,
  what: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const kept = keptDatabase === null ? [] : [`What ${database} held before is kept as ${keptDatabase}.`];
  const off =
    (quarantine?.count ?? 0) > 0 ? ['What acts by itself in it is off until POST /progress/:id/release.'] : [];
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) {
      const message = [`Cancelled: the database is restored, its ${what} not.`, ...kept, ...off].join(' ');
      throw new OperationError('operation.cancelled', message, { cause: error });
    }
    if (!(error instanceof OperationError)) throw error;
    const { code, message, hint, retryable } = error;
    const hints = [...(hint === undefined ? [] : [hint]), ...kept, ...off];
    throw new OperationError(code, `The database is restored, its ${what} not: ${message}`, {
      ...(hints.length === 0 ? {} : { hint: hints.join(' ') }),
      ...{ retryable, cause: error },
    });
  }
}
