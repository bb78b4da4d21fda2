import type { CoverageGap, OperationError, RestoreContent } from '@holdfast/contracts';
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
import { gap } from '../postgres/inspect.ts';
import { splitStatements, type Statement } from '../postgres/statements.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { DATABASE_SETTINGS_GAP } from './comparable-catalog.ts';
import { loadLargeObjects, loadRows } from './load-rows.ts';
import { ensureRoles } from './roles.ts';
import { openSession, runInOrder, runSideBySide, type StatementFault } from './statement-runner.ts';

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
}

async function statementsOf(
  input: ApplyInput,
  kind: Exclude<TextArtifact['kind'], 'catalog' | 'roles'>,
): Promise<Statement[]> {
  if (input.chosen)
    return kind === 'database' || kind === 'large-object-definitions' ? [] : input.chosen.statements[kind];
  const artifact = textArtifact(input.manifest, kind);
  const text = await readText(input.repository, input.manifest, artifact, input.signal);
  return [...splitStatements(text)];
}

/** Makes the roles that are missing on the target's server. */
async function applyRoles(input: ApplyInput): Promise<CoverageGap[]> {
  const client = await openSession({ ...input, clientEncoding: 'UTF8' });
  try {
    return await ensureRoles(client, input.chosen?.roles ?? input.manifest.source.roles);
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, 'making roles');
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
  const gaps = await applyRoles(input);
  const run = {
    ...{ target: input.target, signal: input.signal, clientEncoding: 'UTF8' },
    onFault: input.onStatementFault,
    onDone: () => meter.add(1),
  };
  const preData = (await statementsOf(input, 'pre-data')).filter(input.keepsStatement);
  meter.step(input.steps.preData, 'statements', preData.length);
  await runInOrder(preData, run);
  if (input.content !== 'schema') await applyRows(input);
  const postData = (await statementsOf(input, 'post-data')).filter(input.keepsStatement);
  meter.step(input.steps.postData, 'statements', postData.length);
  await runSideBySide(postData, input.parallel, run);
  return [...gaps, ...(await applyDatabaseSettings(input))];
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

async function applyRows(input: ApplyInput): Promise<void> {
  const { manifest, meter } = input;
  const tables = input.chosen?.tables ?? manifest.artifacts.filter(isTable).filter(input.keepsTable);
  const objects = manifest.artifacts.filter(
    (artifact): artifact is LargeObjectArtifact => artifact.kind === 'large-objects' && !input.chosen,
  );
  const total = [...tables, ...objects].reduce((sum, { size }) => sum + size, 0);
  meter.step(input.steps.rows, 'bytes', total);
  await loadRows({ ...input, onFault: input.onTableFault }, tables);
  const values = [
    ...(await statementsOf(input, 'sequences')),
    ...(await statementsOf(input, 'large-object-definitions')),
  ];
  await runInOrder(values, {
    ...{ target: input.target, signal: input.signal, clientEncoding: 'UTF8', onDone: () => undefined },
    onFault: input.onStatementFault,
  });
  for (const artifact of objects) await loadLargeObjects(input, artifact);
}
