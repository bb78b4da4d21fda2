import { OperationError, type CoverageGap, type Difference, type Quarantine } from '@holdfast/contracts';
import type pg from 'pg';
import type { Manifest } from '../manifest/manifest.ts';
import { readCatalog, compareCatalogs } from '../postgres/catalog.ts';
import { disconnect, faultCode, translateQuery } from '../postgres/connection.ts';
import { maintenance } from '../postgres/databases.ts';
import { displayName } from '../postgres/identifiers.ts';
import { excludedSchemas, gap } from '../postgres/inspect.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { compareOne, readExpectedCatalog, rowsToCompare } from './compare.ts';
import { quarantineWithin, type QuarantineScope } from './quarantine.ts';
import { rolesOf, type RestorePlan } from './restore-plan.ts';
import { ensureRoles } from './roles.ts';
import { selectedCatalog } from './selected-catalog.ts';
import type { Selection } from './selection.ts';
import { openSession } from './statement-runner.ts';
import { tellIfDone } from './restored.ts';
import { mark, unmark } from './switch.ts';
import { lookWithin } from './within-findings.ts';
import { loadTables, replaceRows, setSequences } from './within-rows.ts';
import { dropChosen, readSchemas, SchemaRunner } from './within-schema.ts';
import { openWithinSession } from './within-session.ts';

export interface WithinInput {
  repository: Repository;
  manifest: Manifest;
  selection: Selection;
  plan: RestorePlan;
  /** The database that is there. */
  target: PostgresTarget;
  overwrite: boolean;
  operationId: string;
  keepsMark: boolean;
  /** What is switched off of what came; null: nothing. */
  quarantine: QuarantineScope | null;
  signal: AbortSignal;
  meter: Meter;
}

/** Roles belong to the server, not to the database: those that are missing are made beforehand and stay. */
async function makeRoles(input: WithinInput): Promise<CoverageGap[]> {
  const client = await openSession({ ...input, clientEncoding: 'UTF8' });
  try {
    return await ensureRoles(client, rolesOf(input.plan, input.manifest.source.roles));
  } finally {
    await disconnect(client);
  }
}

/** Chosen tables anew: dropped where they are there, made, filled, and last what hangs on them. */
async function replaceTables(
  input: WithinInput,
  client: pg.Client,
): Promise<{ gaps: CoverageGap[]; kept: Set<string> }> {
  const { selection, plan, meter, signal } = input;
  if (!input.overwrite) await refuseWhatIsThere(client, selection);
  const gaps = await dropChosen(client, selection);
  const runner = new SchemaRunner(client, selection, plan, await readSchemas(client), meter, signal);
  meter.add(1);
  meter.step('pre-data', 'statements', plan.preData.length);
  await runner.runPreData();
  if (selection.content !== 'schema') {
    meter.step('rows', 'bytes', sizeOf(plan));
    const tables = plan.tables.filter(({ condition }) => condition === null);
    await loadTables(input, client, tables);
    const made = plan.supportSequences.filter(({ sequence }) =>
      runner.madeSequence(displayName(sequence.schema, sequence.name)),
    );
    await setSequences(client, [...plan.sequences, ...made], null);
  }
  meter.step('post-data', 'statements', plan.postData.length);
  await runner.run(plan.postData);
  return { gaps: [...gaps, ...runner.gaps()], kept: runner.kept };
}

/** The pre-flight has looked too; what was made since then is nobody's to drop. */
async function refuseWhatIsThere(client: pg.Client, selection: Selection): Promise<void> {
  const { overwritten } = await lookWithin(client, selection, false);
  if (overwritten.length === 0) return;
  const names = overwritten.slice(0, 20).join(', ');
  throw new OperationError('restore.target_not_empty', `The target holds what was chosen by now: ${names}`, {
    hint: 'Set overwrite to replace what is there, or restore into a new database.',
  });
}

/** Rows of tables that are there; the schema stays as it is. */
async function replaceOnlyRows(input: WithinInput, client: pg.Client): Promise<CoverageGap[]> {
  const { selection, plan, overwrite, meter } = input;
  meter.add(1);
  meter.step('rows', 'bytes', sizeOf(plan));
  const tables = plan.tables.filter(({ condition }) => condition === null);
  return replaceRows(input, client, { selection, tables, sequences: plan.sequences, overwrite });
}

const sizeOf = (plan: RestorePlan): number => plan.tables.reduce((sum, { size }) => sum + size, 0);

/** Compares within the transaction what it made: every chosen table's rows, and the schema where that was restored. */
async function compare(input: WithinInput, client: pg.Client, kept: Set<string> | null): Promise<Difference[]> {
  const { selection, plan, manifest, meter, signal } = input;
  const rows = selection.content !== 'schema';
  meter.step('compare', 'bytes', rows ? sizeOf(plan) : null);
  const differences: Difference[] = [];
  if (rows) {
    await client.query(`SET client_encoding TO ${manifest.source.clientEncoding}`);
    for (const expected of rowsToCompare(plan.tables.filter(({ condition }) => condition === null))) {
      signal.throwIfAborted();
      const tell = (bytes: number, rows: number): void => meter.add(bytes, bytes, rows);
      const difference = await compareOne(client, expected, tell);
      // a failed statement has ended the transaction; the first difference says enough
      if (difference) return [difference];
    }
    await client.query('SET client_encoding TO UTF8');
  }
  if (kept === null) return differences;
  const excludeSchemas = excludedSchemas(manifest.source.environmentKind);
  const found = await readCatalog(client, { excludeSchemas });
  const expected = await readExpectedCatalog(input.repository, manifest, signal);
  const [before, after] = [expected, found].map((catalog) => selectedCatalog(catalog, selection, plan, kept));
  return compareCatalogs(before ?? [], after ?? []);
}

function refuse(differences: Difference[]): void {
  const first = differences[0];
  if (!first) return;
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : '';
  throw new OperationError(
    'restore.differs',
    `${first.kind} ${first.subject}: expected ${first.expected ?? 'nothing'}, found ${first.found ?? 'nothing'}${more}`,
    { hint: 'Everything was rolled back: the target is as it was. Restore into a new database to look closer.' },
  );
}

/** Tells a later attempt that this one was done, within the same transaction; only the database's owner can. */
async function leaveMark(input: WithinInput, client: pg.Client): Promise<boolean> {
  await client.query('SAVEPOINT mark');
  try {
    await mark(client, input.target.database, input.operationId);
    return true;
  } catch (error) {
    if (faultCode(error) !== '42501') throw error;
    await client.query('ROLLBACK TO SAVEPOINT mark');
    return false;
  }
}

/** What could be expected of this restore and is not done by it. */
function gapsOf({ selection, manifest, plan }: WithinInput): CoverageGap[] {
  const gaps = [...plan.gaps];
  const objects = manifest.artifacts.find(({ kind }) => kind === 'large-objects');
  if (selection.everything && objects) {
    gaps.push(gap('large-objects', [objects.name], 'Large objects are restored only with the whole backup.'));
  }
  const ofExtensions = plan.tables.filter(({ condition }) => condition !== null).map(({ name }) => name);
  if (ofExtensions.length > 0) {
    const reason = 'Rows in tables of extensions are restored only into a new database, or with the whole backup.';
    gaps.push(gap('extension-rows', ofExtensions, reason));
  }
  return gaps;
}

interface WithinOutcome {
  gaps: CoverageGap[];
  quarantine: Quarantine | null;
}

/**
 * Restores chosen parts, or rows alone, into the database that is there. One transaction on one session: a kill of the
 * worker, of the backend or of the server before its COMMIT, and every error, leave the database exactly as it was, also
 * its sequences. Order: drop or empty, schema, rows, sequences, indexes and keys, compare, quarantine, mark, commit.
 */
export async function restoreWithin(input: WithinInput): Promise<WithinOutcome> {
  input.meter.step('prepare', 'artifacts', 1);
  const roleGaps = input.selection.content === 'data' ? [] : await makeRoles(input);
  const { gaps, marked, quarantine } = await inTransaction(input);
  // from here on it is done, whoever cancels; a mark that stays after a kill is taken away by the next attempt
  if (marked && !input.keepsMark) {
    const { database } = input.target;
    await maintenance(input.target, AbortSignal.timeout(30_000), (client) =>
      unmark(client, database, input.operationId),
    );
  }
  return { gaps: [...gapsOf(input), ...roleGaps, ...gaps], quarantine };
}

async function inTransaction(input: WithinInput): Promise<WithinOutcome & { marked: boolean }> {
  const { signal, target } = input;
  const client = await openWithinSession(target, signal);
  let committing = false;
  try {
    await client.query('BEGIN');
    const rowsOnly = input.selection.content === 'data';
    const made = rowsOnly
      ? { gaps: await replaceOnlyRows(input, client), kept: null }
      : await replaceTables(input, client);
    refuse(await compare(input, client, made.kept));
    const { quarantine: scope, operationId } = input;
    const quarantine = scope && (await quarantineWithin(client, operationId, scope));
    const marked = await leaveMark(input, client);
    signal.throwIfAborted();
    committing = true;
    await client.query('COMMIT');
    return { gaps: made.gaps, quarantine, marked };
  } catch (error) {
    if (signal.aborted && committing) await tellIfDone({ ...input, newDatabase: null }, error);
    signal.throwIfAborted();
    // so that everything is as it was when this is told; a lost session rolls back by itself
    await client.query('ROLLBACK').catch(() => undefined);
    throw explained(translateQuery(error, `Restoring into ${target.database}`));
  } finally {
    await disconnect(client);
  }
}

/** One transaction holds a lock for every table, index and TOAST table that it drops or makes. */
function explained(error: OperationError): OperationError {
  if (faultCode(error.cause) !== '53200') return error;
  const hint =
    "Raise max_locks_per_transaction on the target's server, choose fewer tables, or restore into a new database.";
  return new OperationError(error.code, error.message, { hint, cause: error.cause });
}
