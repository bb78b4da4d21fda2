import {
  OperationError,
  type CoverageGap,
  type Difference,
  type RestoreContent,
  type RestoreReport,
} from '@holdfast/contracts';
import { isTable, readManifest, type Manifest } from '../manifest/manifest.ts';
import { createLike, dropDatabase, maintenance } from '../postgres/databases.ts';
import { gap } from '../postgres/inspect.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import { Meter, type Run } from '../run.ts';
import { applyBackup } from './apply.ts';
import { compareWithBackup } from './compare.ts';
import { preflight, type Preflight } from './preflight.ts';
import { switchDatabases, unmark, wasSwitched, workingName } from './switch.ts';

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
  dryRun: boolean;
  overwrite: boolean;
  operationId: string;
  parallel: number;
}

interface Outcome {
  keptDatabase: string | null;
  differences: Difference[];
  gaps: CoverageGap[];
}

/**
 * Gives a backup back. The restore is built in a database of its own beside the target, compared with the backup, and
 * takes the target's name only when nothing differs; until then the target is untouched. Throws
 * `restore.preflight_failed`, `postgres.statement_failed` (naming the statement), `restore.differs`, `backup.damaged`.
 */
export async function restore(input: RestoreArguments, run: Run): Promise<RestoreReport> {
  const began = Date.now();
  const meter = new Meter(run);
  const { repository, sourceEnvironmentId, backupId, manifestSha256 = null } = input;
  meter.step('preflight', 'artifacts', 1);
  const manifest = await readManifest(repository, sourceEnvironmentId, backupId, run.signal, manifestSha256);
  const database = input.newDatabase ?? input.target.database;
  const done = await switchedEarlier(input, database, run.signal);
  const look = await preflight({
    ...{ manifest, target: input.target, newDatabase: done ? null : input.newDatabase },
    ...{ overwrite: input.overwrite || done, within: false, signal: run.signal },
  });
  meter.add(1);
  const answer = (outcome: Outcome): RestoreReport => report(input, manifest, look, began, outcome);
  const nothing: Outcome = { keptDatabase: null, differences: [], gaps: manifest.coverage.gaps };
  if (input.dryRun) return answer(nothing);
  const blockers = look.findings.filter(({ severity }) => severity === 'blocker');
  if (blockers[0]) {
    const more = blockers.length > 1 ? ` (and ${blockers.length - 1} more reasons)` : '';
    const { hint } = blockers[0];
    throw new OperationError('restore.preflight_failed', `${blockers[0].message}${more}`, hint ? { hint } : {});
  }
  return answer(done ? nothing : await build(input, manifest, database, meter, run.signal));
}

const switchedEarlier = (input: RestoreArguments, database: string, signal: AbortSignal): Promise<boolean> =>
  maintenance(input.target, signal, async (client) => {
    const done = await wasSwitched(client, database, input.operationId);
    if (done) await unmark(client, database);
    return done;
  });

async function build(
  input: RestoreArguments,
  manifest: Manifest,
  database: string,
  meter: Meter,
  signal: AbortSignal,
): Promise<Outcome> {
  const name = workingName(input.operationId);
  try {
    return await buildAndSwitch(input, manifest, database, name, meter, signal);
  } catch (error) {
    // cancelled or failed: what was built goes, the target was not touched
    await maintenance(input.target, AbortSignal.timeout(30_000), (client) => dropDatabase(client, name)).catch(
      (left: unknown) => {
        throw new AggregateError([error, left], `The restore failed, and ${name} could not be dropped`);
      },
    );
    signal.throwIfAborted();
    throw error;
  }
}

async function buildAndSwitch(
  input: RestoreArguments,
  manifest: Manifest,
  database: string,
  name: string,
  meter: Meter,
  signal: AbortSignal,
): Promise<Outcome> {
  meter.step('prepare', 'artifacts', 1);
  const likeSource = await maintenance(input.target, signal, async (client) => {
    // an earlier attempt may have been killed: its half-built database is of no use
    await dropDatabase(client, name);
    return createLike(client, name, manifest.source);
  });
  meter.add(1);
  const gaps = likeSource ? [] : [localeGap(manifest)];
  const target = { ...input.target, database: name };
  const steps = { preData: 'pre-data', rows: 'rows', postData: 'post-data' };
  const { repository, content, parallel } = input;
  const all = { keepsTable: () => true, keepsStatement: () => true };
  gaps.push(
    ...(await applyBackup({
      ...{ repository, manifest, target, content, parallel, signal, meter, steps, ...all },
      onStatementFault: ({ error }) => {
        throw error;
      },
      onTableFault: (_table, error) => {
        throw error;
      },
    })),
  );
  const rows = content !== 'schema';
  meter.step('compare', 'bytes', rows ? manifest.artifacts.reduce((sum, { size }) => sum + size, 0) : null);
  const differences = await compareWithBackup({
    ...{ repository, manifest, target, parallel, signal, meter, rows, keepsTable: all.keepsTable },
    selectCatalog: (catalog) => (rows ? catalog : catalog.filter(({ kind }) => !VALUES.has(kind))),
  });
  refuseDifferences(differences);
  meter.step('switch', 'artifacts', 1);
  const keptDatabase = await maintenance(input.target, signal, async (client) => {
    const kept = await switchDatabases(client, database, input.operationId, signal);
    await unmark(client, database);
    return kept;
  });
  meter.add(1);
  return { keptDatabase, differences, gaps: [...manifest.coverage.gaps, ...gaps] };
}

/** Entries of a catalog that are rows rather than schema. */
const VALUES = new Set(['sequence value', 'large object']);

const localeGap = (manifest: Manifest): CoverageGap =>
  gap('database-locale', [manifest.source.collate], 'The server lacks this locale; the database was made with C.');

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
  look: Preflight,
  began: number,
  outcome: Outcome,
): RestoreReport {
  const tables = manifest.artifacts.filter(isTable);
  return {
    dryRun: input.dryRun,
    database: input.newDatabase ?? input.target.database,
    serverVersion: look.serverVersion,
    findings: look.findings,
    overwritten: look.overwritten.slice(0, SHOWN),
    overwrittenCount: look.overwrittenCount,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    bytes: manifest.artifacts.reduce((sum, { size }) => sum + size, 0),
    keptDatabase: outcome.keptDatabase,
    differences: outcome.differences.slice(0, SHOWN),
    differenceCount: outcome.differences.length,
    gaps: outcome.gaps,
    seconds: (Date.now() - began) / 1000,
  };
}
