import type { CoverageGap, OperationError, RestoreContent } from '@holdfast/contracts';
import type pg from 'pg';
import { readText } from '../manifest/artifact-reader.ts';
import {
  isTable,
  textArtifact,
  type LargeObjectArtifact,
  type Manifest,
  type RoleDescription,
  type TableArtifact,
  type TextArtifact,
} from '../manifest/manifest.ts';
import { disconnect, translateQuery } from '../postgres/connection.ts';
import { quoteIdent } from '../postgres/identifiers.ts';
import { excludedSchemas, gap } from '../postgres/inspect.ts';
import { splitStatements, type Statement } from '../postgres/statements.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { DATABASE_SETTINGS_GAP } from './comparable-catalog.ts';
import type { EarlyCompare } from './early-compare.ts';
import { loadLargeObjects } from './load-rows.ts';
import { ensureRoles } from './roles.ts';
import {
  openSession,
  runInOrder,
  runOn,
  runSideBySide,
  type StatementFault,
  type StatementRunnerOptions,
} from './statement-runner.ts';
import { workTables } from './table-work.ts';

/** What is restored where not all of a backup is: statements instead of the backup's own, rows, and roles. */
export interface ChosenParts {
  statements: Record<'pre-data' | 'post-data' | 'sequences', Statement[]>;
  tables: TableArtifact[];
  roles: RoleDescription[];
}

export interface ApplyInput {
  repository: Repository;
  manifest: Manifest;
  /** The database that receives it: new, or empty. */
  target: PostgresTarget;
  content: RestoreContent;
  parallel: number;
  signal: AbortSignal;
  meter: Meter;
  /** Names of the steps; a trial restore counts all of them as one. */
  steps: { preData: string; rows: string; postData: string };
  keepsStatement: (statement: Statement) => boolean;
  keepsTable: (table: TableArtifact) => boolean;
  /** Absent: the whole backup. Large objects and the database's own settings come only with the whole. */
  chosen?: ChosenParts;
  /** Told of each failed statement; throws to stop, returns to go on. */
  onStatementFault: (fault: StatementFault) => void;
  onTableFault: (table: TableArtifact, error: OperationError) => void;
  /** Compares tables as soon as they are there; absent: nothing is read again. */
  early?: EarlyCompare;
  /** See `TableWorkInput`. */
  shareFromBytes?: number;
}

async function statementsOf(
  input: ApplyInput,
  kind: Exclude<TextArtifact['kind'], 'catalog' | 'roles' | 'buckets' | 'settings'>,
): Promise<Statement[]> {
  if (input.chosen)
    return kind === 'database' || kind === 'large-object-definitions' ? [] : input.chosen.statements[kind];
  const artifact = textArtifact(input.manifest, kind);
  const text = await readText(input.repository, input.manifest, artifact, input.signal);
  return [...splitStatements(text)];
}

/** Makes the roles that are missing on the target's server. */
async function applyRoles(input: ApplyInput, client: pg.Client): Promise<CoverageGap[]> {
  try {
    return await ensureRoles(client, input.chosen?.roles ?? input.manifest.source.roles);
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, 'making roles');
  }
}

/** Roles, then pre-data, whose objects are theirs. */
async function applyPreData(
  input: ApplyInput,
  options: Omit<StatementRunnerOptions, 'target' | 'clientEncoding'>,
): Promise<CoverageGap[]> {
  const client = await openSession({ ...input, clientEncoding: 'UTF8' });
  try {
    const gaps = await applyRoles(input, client);
    const made = (await statementsOf(input, 'pre-data')).filter(input.keepsStatement);
    const statements = [...schemasOfExtensions(input.manifest), ...made];
    input.meter.step(input.steps.preData, 'statements', statements.length);
    await runOn(client, statements, options);
    return gaps;
  } finally {
    await disconnect(client);
  }
}

/**
 * Gives a backup's database part to an empty database. Order: roles, pre-data, rows (no trigger and no foreign key is
 * there yet), sequences, large objects, post-data, and last the database's own settings, which no step before may obey.
 */
export async function applyBackup(input: ApplyInput): Promise<CoverageGap[]> {
  const { meter } = input;
  const run = {
    ...{ target: input.target, signal: input.signal, clientEncoding: 'UTF8' },
    onFault: input.onStatementFault,
    onDone: () => meter.add(1),
  };
  const gaps = await applyPreData(input, run);
  const postData = (await statementsOf(input, 'post-data')).filter(input.keepsStatement);
  const counted = new PostDataMeter(postData, meter, input.steps.postData);
  if (input.content === 'schema') counted.begin();
  const rest = input.content === 'schema' ? postData : await applyRows(input, counted);
  await runSideBySide(rest, input.parallel, run);
  return [...gaps, ...(await applyDatabaseSettings(input))];
}

/** The platform's schemas are not in a backup, but CREATE EXTENSION wants the one that it names to be there. */
function schemasOfExtensions({ source }: Manifest): Statement[] {
  const platform = excludedSchemas(source.environmentKind);
  const schemas = source.extensions.map(({ schema }) => schema).filter((schema) => platform.includes(schema));
  return [...new Set(schemas)].map((schema) => ({
    text: `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)};`,
    entry: { name: schema, type: 'SCHEMA', schema: null },
    line: 0,
  }));
}

/** What describes the database itself; what the role may not give is named as a gap. */
async function applyDatabaseSettings(input: ApplyInput): Promise<CoverageGap[]> {
  const refused: string[] = [];
  await runInOrder(await statementsOf(input, 'database'), {
    ...{ target: input.target, signal: input.signal, clientEncoding: 'UTF8', onDone: () => undefined },
    onFault: (fault) => {
      if (fault.sqlState !== '42501' && fault.sqlState !== '42704') input.onStatementFault(fault);
      else refused.push(fault.error.message);
    },
  });
  if (refused.length === 0) return [];
  return [gap(DATABASE_SETTINGS_GAP, refused, 'The restoring role may not give the database these settings.')];
}

/** Rows, and what of post-data needs nothing but a table with its rows; answers the rest of post-data. */
async function applyRows(input: ApplyInput, postData: PostDataMeter): Promise<Statement[]> {
  const { manifest, meter, early, onTableFault, onStatementFault } = input;
  const tables = input.chosen?.tables ?? manifest.artifacts.filter(isTable).filter(input.keepsTable);
  const objects = manifest.artifacts.filter(
    (artifact): artifact is LargeObjectArtifact => artifact.kind === 'large-objects' && !input.chosen,
  );
  const total = [...tables, ...objects].reduce((sum, { size }) => sum + size, 0);
  const values = [
    ...(await statementsOf(input, 'sequences')),
    ...(await statementsOf(input, 'large-object-definitions')),
  ];
  meter.step(input.steps.rows, 'bytes', total);
  return workTables({
    ...{ ...input, tables, postData: postData.statements, onTableFault, onStatementFault },
    others: async (signal) => {
      await runInOrder(values, {
        ...{ target: input.target, signal, clientEncoding: 'UTF8', onDone: () => undefined },
        onFault: onStatementFault,
      });
      for (const artifact of objects) await loadLargeObjects({ ...input, signal }, artifact);
    },
    onStatements: (count) => postData.add(count),
    onAllLoaded: () => postData.begin(),
    compare: early ? (table, client) => early.tasksFor(table, client, meter) : null,
  });
}

/** Counts statements of post-data; those that are done before its step has begun are told when it begins. */
class PostDataMeter {
  readonly statements: Statement[];
  private readonly meter: Meter;
  private readonly step: string;
  private early: number | null = 0;

  constructor(statements: Statement[], meter: Meter, step: string) {
    this.statements = statements;
    this.meter = meter;
    this.step = step;
  }

  add(count: number): void {
    if (this.early === null) this.meter.add(count);
    else this.early += count;
  }

  begin(): void {
    this.meter.step(this.step, 'statements', this.statements.length);
    this.meter.add(this.early ?? 0);
    this.early = null;
  }
}
