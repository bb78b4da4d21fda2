import { OperationError, type Quarantine, type ReleaseReport } from '@holdfast/contracts';
import type pg from 'pg';
import { connect, disconnect, faultCode, isConnectionLost, translateQuery } from '../postgres/connection.ts';
import { displayName } from '../postgres/identifiers.ts';
import { readSystemIdentifier } from '../postgres/inspect.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { forget, itemOf, othersThan, recall, remember } from './quarantine-memory.ts';
import { SWITCHES, type Actor } from './quarantine-switches.ts';
import { ownRelations, type Selection } from './selection.ts';
import { mayBeReplica } from './triggers.ts';

const SHOWN = 200;
const NOT_ALLOWED = 'The role may not switch it off.';
/** No policy may hide a job, and nobody's lock may hold up a release for long. */
const SETTINGS = { search_path: '', row_security: 'off', lock_timeout: '5000', client_encoding: 'UTF8' };

/** Which actors are quarantined: all, or those of chosen relations, by `displayName`. */
export type QuarantineScope = 'all' | ReadonlySet<string>;

/** What came with chosen parts: their triggers, and jobs. Rows alone bring no triggers along. */
export function chosenScope(selection: Selection): QuarantineScope {
  const names = ownRelations(selection).map(({ schema, name }) => displayName(schema, name));
  return new Set(selection.content === 'data' ? names.filter((name) => name === 'cron.job') : names);
}

const inScope = ({ address: { schema, table } }: Actor, scope: QuarantineScope): boolean =>
  scope === 'all' || (schema !== undefined && table !== undefined && scope.has(displayName(schema, table)));

async function actorsOf(client: pg.Client, scope: QuarantineScope): Promise<Actor[]> {
  const actors: Actor[] = [];
  for (const { list } of SWITCHES) actors.push(...(await list(client)).filter((actor) => inScope(actor, scope)));
  return actors;
}

const switchOf = (kind: string) => {
  const found = SWITCHES.find((one) => one.kind === kind);
  if (!found) throw new OperationError('restore.quarantine_failed', `Holdfast knows no ${kind} to switch on again`);
  return found;
};

/** The target's own event triggers must not see what is done here; where the role may not hide it, they do. */
async function hideFromTriggers(client: pg.Client): Promise<void> {
  if (await mayBeReplica(client)) await client.query('SET LOCAL session_replication_role = replica');
}

/** A wrapper is a door that somebody has to walk through, so one that the role may not shut is told, not fatal. */
async function shut(client: pg.Client, actor: Actor): Promise<boolean> {
  const { off } = switchOf(actor.kind);
  if (actor.kind !== 'foreign-data wrapper') {
    await client.query(off(actor));
    return true;
  }
  await client.query('SAVEPOINT wrapper');
  try {
    await client.query(off(actor));
    return true;
  } catch (error) {
    if (faultCode(error) !== '42501') throw error;
    await client.query('ROLLBACK TO SAVEPOINT wrapper');
    return false;
  }
}

/**
 * Switches off, in the open transaction, what acts by itself or towards others, and remembers it there. Throws
 * `restore.quarantine_failed` when anything that acts by itself would stay on.
 */
export async function quarantineWithin(
  client: pg.Client,
  operationId: string,
  scope: QuarantineScope,
): Promise<Quarantine> {
  try {
    await hideFromTriggers(client);
    const shutDown: Actor[] = [];
    for (const actor of await actorsOf(client, scope)) {
      if (actor.stays === undefined && (await shut(client, actor))) shutDown.push(actor);
    }
    await remember(client, operationId, shutDown);
    const quarantine = await readQuarantine(client, operationId, scope);
    const [first] = quarantine.leftOn.filter(
      ({ kind, reason }) => kind !== 'foreign-data wrapper' && reason === NOT_ALLOWED,
    );
    if (first) throw new Error(`${first.kind} ${first.name} is still on`);
    return quarantine;
  } catch (error) {
    if (isConnectionLost(error)) throw translateQuery(error, 'Quarantine');
    throw new OperationError(
      'restore.quarantine_failed',
      `What acts by itself could not be switched off: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'The target was not touched. Use a role that may, or send quarantine: false to let all of it run at once.',
        cause: error,
      },
    );
  }
}

/** What an operation switched off in this database, and what is still on. */
async function readQuarantine(client: pg.Client, operationId: string, scope: QuarantineScope): Promise<Quarantine> {
  const items = (await recall(client, operationId)).map(itemOf);
  const left = (await actorsOf(client, scope)).map((actor) => ({
    ...itemOf(actor),
    reason: actor.stays ?? NOT_ALLOWED,
  }));
  return {
    ...{ items: items.slice(0, SHOWN), count: items.length, leftOn: left.slice(0, SHOWN), releasedAt: null },
    systemIdentifier: await readSystemIdentifier(client),
  };
}

async function inTransaction<T>(
  target: PostgresTarget,
  signal: AbortSignal,
  subject: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(target, { signal, settings: SETTINGS });
  try {
    await client.query('BEGIN');
    const result = await work(client);
    signal.throwIfAborted();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    signal.throwIfAborted();
    throw translateQuery(error, subject);
  } finally {
    // what is not committed is rolled back with the session
    await disconnect(client);
  }
}

/** Quarantines a database that nobody uses yet. */
export const quarantine = (target: PostgresTarget, operationId: string, signal: AbortSignal): Promise<Quarantine> =>
  inTransaction(target, signal, 'Quarantine', (client) => quarantineWithin(client, operationId, 'all'));

/** The quarantine that an earlier attempt of an operation left. */
export const quarantineOf = (
  target: PostgresTarget,
  operationId: string,
  scope: QuarantineScope,
  signal: AbortSignal,
): Promise<Quarantine> =>
  inTransaction(target, signal, 'Quarantine', (client) => readQuarantine(client, operationId, scope));

/**
 * Switches on again what a restore switched off, and only that: what is gone or was switched on meanwhile stays as it
 * is, and is named. One transaction, so that it happens once; a second call finds nothing left. Throws
 * `postgres.permission_denied`, `postgres.lock_timeout`.
 */
export const release = (target: PostgresTarget, operationId: string, signal: AbortSignal): Promise<ReleaseReport> =>
  inTransaction(target, signal, 'Releasing', async (client) => {
    // of two at once, the second finds nothing left
    await client.query(`SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('holdfast.quarantine'))`);
    const remembered = await recall(client, operationId);
    const released: Actor[] = [];
    const skipped: Actor[] = [];
    // jobs before hiding, so that pg_cron hears of it; event triggers last, so that they see nothing of this
    const order = [...SWITCHES].reverse();
    const jobs = remembered.filter(({ kind }) => kind === 'cron job');
    const others = order.flatMap((one) => remembered.filter(({ kind }) => kind === one.kind && kind !== 'cron job'));
    const turn = async (actors: Actor[]): Promise<void> => {
      for (const actor of actors) {
        const { isOff, on } = switchOf(actor.kind);
        const ours = await isOff(client, actor.address);
        if (ours) await client.query(on(actor));
        (ours ? released : skipped).push(actor);
      }
    };
    await turn(jobs);
    await hideFromTriggers(client);
    await forget(client, operationId);
    await turn(others);
    return {
      ...{ released: released.slice(0, SHOWN).map(itemOf), releasedCount: released.length },
      ...{ skipped: skipped.slice(0, SHOWN).map(itemOf), skippedCount: skipped.length },
      releasedAt: new Date().toISOString(),
    };
  });

/** Where a quarantine was made, as its restore reported it. */
export interface QuarantineHome {
  systemIdentifier: string | null;
  database: string;
}

/**
 * For a release that found nothing: throws `restore.not_quarantined` unless there is nothing left because an earlier call
 * released it and could not say so. That is sure only in the very database (`home`) that was quarantined.
 */
export const requireReleased = (
  target: PostgresTarget,
  operationId: string,
  home: QuarantineHome | null,
  signal: AbortSignal,
): Promise<void> =>
  inTransaction(target, signal, 'Releasing', async (client) => {
    const [heir] = await othersThan(client, operationId);
    if (heir !== undefined) {
      throw new OperationError('restore.not_quarantined', 'A later restore took over what this one switched off', {
        hint: `Release that one: POST /progress/${heir}/release`,
      });
    }
    const there = await readSystemIdentifier(client);
    if (there !== null && there === home?.systemIdentifier && home.database === target.database) return;
    const message = `Database ${target.database} holds nothing that this restore switched off`;
    throw new OperationError('restore.not_quarantined', message, {
      hint: 'If the connection of the environment was changed since the restore, change it back and release again.',
    });
  });
