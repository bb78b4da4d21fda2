import {
  OperationError,
  type Component,
  type CoverageGap,
  type Difference,
  type Quarantine,
  type RestoreContent,
  type RestoreReport,
} from '@holdfast/contracts';
import { isTable, readManifest, type Manifest } from '../manifest/manifest.ts';
import { maintenance } from '../postgres/databases.ts';
import { gap } from '../postgres/inspect.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import { Meter, type Run } from '../run.ts';
import { restoredStorage, type RestoredObjects } from '../storage/restore-objects.ts';
import { applyBackup } from './apply.ts';
import { comparableCatalog, DATABASE_LOCALE_GAP } from './comparable-catalog.ts';
import { compareWithBackup } from './compare.ts';
import { EarlyCompare } from './early-compare.ts';
import { preflight, refuseBlockers, type Preflight } from './preflight.ts';
import { chosenParts, planRestore, SupportFaults, type RestorePlan } from './restore-plan.ts';
import { selectedCatalog, withoutValues } from './selected-catalog.ts';
import { chosenScope, quarantine, quarantineOf, type QuarantineScope } from './quarantine.ts';
import { readSelection, type Selection } from './selection.ts';
import { afterDatabase, restoredEarlier, tellIfDone } from './restored.ts';
import { giveStorageBack, lookAtStorage, wants, type StorageLook, type StorageTarget } from './storage-part.ts';
import { switchDatabases, unmark } from './switch.ts';
import { restoreWithin } from './within.ts';
import { restoreWithoutDatabase } from './without-database.ts';
import { dropWorking, makeWorking, workingName, type WorkingDatabase } from './working-database.ts';
import type { TargetGuard } from './wrong-target.ts';

const SHOWN = 200;

export interface RestoreArguments {
  repository: Repository;
  sourceEnvironmentId: string;
  backupId: string;
  manifestSha256?: string | null;
  /** The environment's own database. */
  target: PostgresTarget;
  newDatabase: string | null;
  schemas: string[];
  tables: string[];
  content: RestoreContent;
  /** Null or absent: all that the backup holds and the target can take. */
  components?: Component[] | null;
  /** Where storage goes. Absent: it is not given back. */
  storage?: StorageTarget;
  dryRun: boolean;
  overwrite: boolean;
  /** Whether the caller changes functions or settings too: the target is guarded also where its database stays. */
  changesProject?: boolean;
  /** Absent: the caller answers for the target. */
  guard?: TargetGuard;
  /** Whether every row is read again; `unproven`: where the target is not of the version this backup was proven on. Absent: yes. */
  compareRows?: boolean | 'unproven';
  /** Whether what acts by itself is switched off; `copies`: unless the target is where the backup came from. Absent: no. */
  quarantine?: boolean | 'copies';
  operationId: string;
  parallel: number;
  /**
   * True leaves the mark by which a later attempt of the operation sees that this one did it all, for a caller that can
   * still be killed before it has told; `settleRestore` takes it away.
   */
  keepsMark?: boolean;
}

/** What became of the database. */
interface Outcome {
  rowsCompared: boolean;
  keptDatabase: string | null;
  differences: Difference[];
  gaps: CoverageGap[];
  quarantine: Quarantine | null;
}

/**
 * Gives a backup back: the database, then storage. The whole of it, or chosen parts for a new database, is built in a
 * database of its own beside the target, compared with the backup, and takes its name only when nothing differs; chosen parts, or rows alone, for the
 * database that is there go into it in one transaction. Until the end the target is untouched. Throws
 * `restore.preflight_failed`, `restore.wrong_target`, `restore.selection_unknown`, `storage.bucket_unknown`,
 * `postgres.statement_failed` (naming the statement), `restore.differs`, `restore.quarantine_failed`, `backup.damaged`, and what
 * the project's storage threw.
 */
export async function restore(input: RestoreArguments, run: Run): Promise<RestoreReport> {
  const began = Date.now();
  const meter = new Meter(run);
  const { repository, sourceEnvironmentId, backupId, manifestSha256 = null } = input;
  meter.step('preflight', 'artifacts', 1);
  refuseRowsAlone(input);
  const manifest = await readManifest(repository, sourceEnvironmentId, backupId, run.signal, manifestSha256);
  const storage = await lookAtStorage(input, manifest, run.signal);
  if (!wants(input, 'database')) return restoreWithoutDatabase(input, manifest, storage, meter, run.signal);
  const selection = isSelective(input) ? await readSelection(repository, manifest, input, run.signal) : null;
  const database = input.newDatabase ?? input.target.database;
  const earlier = await restoredEarlier(input, run.signal);
  const done = earlier !== null;
  const there = await lookAtDatabase(input, manifest, selection, done, run.signal);
  const look = { ...there, findings: [...there.findings, ...storage.findings] };
  meter.add(1);
  const plan = selection && planRestore(selection, input.newDatabase === null ? look.present : new Set());
  const chosen = selection && plan ? { selection, plan } : null;
  const answer = async (outcome: Outcome): Promise<RestoreReport> => {
    const objects = await storageBack(input, manifest, storage, outcome, meter, run.signal);
    const all = { ...outcome, gaps: [...outcome.gaps, ...storage.gaps] };
    return report(input, manifest, chosen, look, began, all, objects);
  };
  const gaps = [...manifest.coverage.gaps, ...(plan?.gaps ?? [])];
  const compareRows = comparesRows(input, manifest, look) && input.content !== 'schema';
  const nothing: Outcome = {
    ...{ keptDatabase: earlier?.keptDatabase ?? null, differences: [], gaps, quarantine: null },
    rowsCompared: compareRows,
  };
  const { operationId } = input;
  if (done) {
    const place = { ...input.target, database };
    const left = look.quarantined ? await quarantineOf(place, operationId, scopeOf(input, chosen), run.signal) : null;
    return answer({ ...nothing, quarantine: left });
  }
  if (input.dryRun) return answer(nothing);
  refuseBlockers(look);
  const { quarantined } = look;
  if (!chosen || input.newDatabase !== null) {
    return answer(await build(input, manifest, chosen, { database, quarantined, compareRows }, meter, run.signal));
  }
  const { target, overwrite, keepsMark = false } = input;
  const more = await restoreWithin({
    ...{ repository, manifest, ...chosen, target, overwrite, operationId, keepsMark, signal: run.signal, meter },
    quarantine: quarantined ? scopeOf(input, chosen) : null,
  });
  const rowsCompared = input.content !== 'schema';
  return answer({ ...nothing, ...more, rowsCompared, gaps: [...manifest.coverage.gaps, ...more.gaps] });
}

/** `done`: an earlier attempt put the database in its place already. */
const lookAtDatabase = (
  input: RestoreArguments,
  manifest: Manifest,
  selection: Selection | null,
  done: boolean,
  signal: AbortSignal,
): Promise<Preflight> =>
  preflight({
    ...{ manifest, selection, target: input.target, newDatabase: done ? null : input.newDatabase },
    ...{ overwrite: input.overwrite || done, guard: input.guard, signal },
    // of a new database an attempt after a kill would not see any more that it is one
    quarantine: input.quarantine === 'copies' && input.newDatabase !== null ? true : input.quarantine,
  });

/** What a trial restore proved on this version holds on it again: only the counts of rows are checked then. */
function comparesRows({ compareRows = true }: RestoreArguments, { source }: Manifest, look: Preflight): boolean {
  return compareRows === 'unproven' ? look.serverMajor !== source.serverMajor : compareRows;
}

/** What of the target is quarantined: all of a database that was built, of one that was there what was put into it. */
const scopeOf = ({ newDatabase }: RestoreArguments, chosen: Chosen | null): QuarantineScope =>
  chosen && newDatabase === null ? chosenScope(chosen.selection) : 'all';

interface Chosen {
  selection: Selection;
  plan: RestorePlan;
}

const isSelective = ({ schemas, tables, content }: RestoreArguments): boolean =>
  schemas.length > 0 || tables.length > 0 || content === 'data';

function refuseRowsAlone({ content, newDatabase }: RestoreArguments): void {
  if (content !== 'data' || newDatabase === null) return;
  throw new OperationError('restore.preflight_failed', 'Rows alone cannot go into a new database: it has no tables', {
    hint: 'Restore schema and rows, or restore rows into the database that is there.',
  });
}

/** Null: it is a dry run, or nothing of storage is given back. */
const storageBack = (
  input: RestoreArguments,
  manifest: Manifest,
  { endpoint }: StorageLook,
  { keptDatabase, quarantine }: Outcome,
  meter: Meter,
  signal: AbortSignal,
): Promise<RestoredObjects | null> => {
  if (endpoint === null || input.dryRun) return Promise.resolve(null);
  const done = { database: input.newDatabase ?? input.target.database, keptDatabase, quarantine };
  return afterDatabase(done, 'storage is', signal, () =>
    giveStorageBack(input, manifest, { endpoint, keptDatabase }, meter, signal),
  );
};

/** The database that the built one becomes, and what happens to that before. */
interface Place {
  database: string;
  quarantined: boolean;
  compareRows: boolean;
}

async function build(
  input: RestoreArguments,
  manifest: Manifest,
  chosen: Chosen | null,
  place: Place,
  meter: Meter,
  signal: AbortSignal,
): Promise<Outcome> {
  const { target, operationId } = input;
  let built: WorkingDatabase | null = null;
  try {
    built = await prepare(input, manifest, meter, signal);
    return await buildAndSwitch(input, manifest, chosen, place, built, meter, signal);
  } catch (error) {
    // cancelled or failed: what was built goes, the target was not touched
    const left = await maintenance(target, AbortSignal.timeout(30_000), (client) =>
      dropWorking(client, operationId, built),
    ).then(
      () => null,
      (cause: unknown) => cause,
    );
    if (signal.aborted && built) await tellIfDone(input, error);
    signal.throwIfAborted();
    throw left === null ? error : leftBehind(error, left, workingName(operationId));
  }
}

/** The first error is the one to tell; what was built is dropped by the next restore on that server. */
function leftBehind(error: unknown, left: unknown, name: string): unknown {
  if (!(error instanceof OperationError)) return error;
  const { code, message, hint, retryable } = error;
  return new OperationError(code, `${message}; ${name} could not be dropped`, {
    ...(hint === undefined ? {} : { hint }),
    retryable,
    cause: new AggregateError([error, left]),
  });
}

async function prepare(
  { target, operationId }: RestoreArguments,
  { source }: Manifest,
  meter: Meter,
  signal: AbortSignal,
): Promise<WorkingDatabase> {
  meter.step('prepare', 'artifacts', 1);
  const built = await maintenance(target, signal, (client) => makeWorking(client, operationId, source));
  meter.add(1);
  return built;
}

async function buildAndSwitch(
  input: RestoreArguments,
  manifest: Manifest,
  chosen: Chosen | null,
  { database, quarantined, compareRows }: Place,
  built: WorkingDatabase,
  meter: Meter,
  signal: AbortSignal,
): Promise<Outcome> {
  const gaps = built.likeSource ? [] : [localeGap(manifest)];
  const target = { ...input.target, database: built.name };
  const early = compareRows ? new EarlyCompare() : null;
  gaps.push(...(await fill(input, manifest, chosen, target, early, meter, signal)));
  const differences = await compareBuilt(input, manifest, chosen, target, early, gaps, meter, signal);
  refuseDifferences(differences);
  // after the comparison, which shall see the whole backup, and before anybody can use the copy
  const left = quarantined ? await quarantine(target, input.operationId, signal) : null;
  meter.step('switch', 'artifacts', 1);
  const kept = await maintenance(input.target, signal, async (client) => {
    const { operationId, newDatabase } = input;
    const name = await switchDatabases(
      client,
      { database, built, operationId, mayReplace: newDatabase === null },
      signal,
    );
    if (!input.keepsMark) await unmark(client, database, operationId);
    return name;
  });
  meter.add(1);
  return {
    rowsCompared: compareRows,
    keptDatabase: kept,
    differences,
    gaps: [...manifest.coverage.gaps, ...gaps],
    quarantine: left,
  };
}

const ALL = { keepsTable: () => true, keepsStatement: () => true };

async function fill(
  input: RestoreArguments,
  manifest: Manifest,
  chosen: Chosen | null,
  target: PostgresTarget,
  early: EarlyCompare | null,
  meter: Meter,
  signal: AbortSignal,
): Promise<CoverageGap[]> {
  const steps = { preData: 'pre-data', rows: 'rows', postData: 'post-data' };
  const { repository, content, parallel } = input;
  const faults = chosen && new SupportFaults(chosen.plan);
  const gaps = await applyBackup({
    ...{ repository, manifest, target, content, parallel, signal, meter, steps, ...ALL, ...(early ? { early } : {}) },
    ...(chosen ? { chosen: chosenParts(chosen.plan, manifest.source.roles) } : {}),
    onStatementFault: (fault) => {
      if (!faults?.tolerates(fault)) throw fault.error;
    },
    onTableFault: (_table, error) => {
      throw error;
    },
  });
  return [...(chosen?.plan.gaps ?? []), ...gaps, ...(faults?.gaps() ?? [])];
}

async function compareBuilt(
  input: RestoreArguments,
  manifest: Manifest,
  chosen: Chosen | null,
  target: PostgresTarget,
  early: EarlyCompare | null,
  gaps: CoverageGap[],
  meter: Meter,
  signal: AbortSignal,
): Promise<Difference[]> {
  const { repository, parallel } = input;
  const rows = early !== null;
  meter.step('compare', 'bytes', rows ? sizeOf(chosen?.plan.tables ?? manifest.artifacts) : null);
  return compareWithBackup({
    ...{ repository, manifest, target, parallel, signal, meter, rows, keepsTable: ALL.keepsTable },
    ...(early ? { early } : {}),
    ...(chosen ? { tables: chosen.plan.tables } : {}),
    selectCatalog: (catalog) => {
      if (chosen) return selectedCatalog(catalog, chosen.selection, chosen.plan, new Set());
      return comparableCatalog(input.content === 'schema' ? withoutValues(catalog) : catalog, gaps);
    },
  });
}

const sizeOf = (artifacts: { size: number }[]): number => artifacts.reduce((sum, { size }) => sum + size, 0);

const localeGap = (manifest: Manifest): CoverageGap =>
  gap(DATABASE_LOCALE_GAP, [manifest.source.collate], 'The server lacks this locale; the database was made with C.');

function refuseDifferences(differences: Difference[]): void {
  const first = differences[0];
  if (!first) return;
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : '';
  throw new OperationError(
    'restore.differs',
    `${first.kind} ${first.subject}: expected ${first.expected ?? 'nothing'}, found ${first.found ?? 'nothing'}${more}`,
    {
      hint: 'The target was not touched. Verify the backup; if it is proven, the target server changes what it is given.',
    },
  );
}

function report(
  input: RestoreArguments,
  manifest: Manifest,
  chosen: Chosen | null,
  look: Preflight,
  began: number,
  outcome: Outcome,
  objects: RestoredObjects | null,
): RestoreReport {
  const differences = [...outcome.differences, ...(objects?.differences ?? [])];
  const tables = chosen?.plan.tables ?? manifest.artifacts.filter(isTable);
  const rows = input.content === 'schema' ? [] : tables;
  return {
    dryRun: input.dryRun,
    database: input.newDatabase ?? input.target.database,
    serverVersion: look.serverVersion,
    findings: look.findings,
    overwritten: look.overwritten.slice(0, SHOWN),
    overwrittenCount: look.overwrittenCount,
    tables: tables.length,
    rows: rows.reduce((sum, table) => sum + table.rows, 0),
    bytes: sizeOf(chosen ? rows : manifest.artifacts),
    rowsCompared: outcome.rowsCompared,
    keptDatabase: outcome.keptDatabase,
    differences: differences.slice(0, SHOWN),
    differenceCount: outcome.differences.length + (objects?.differenceCount ?? 0),
    gaps: [...outcome.gaps, ...(objects?.gaps ?? [])],
    storage: objects && restoredStorage(objects),
    quarantine: outcome.quarantine,
    seconds: (Date.now() - began) / 1000,
  };
}
