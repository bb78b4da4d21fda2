import { OperationError, type CoverageGap } from '@holdfast/contracts';
import type pg from 'pg';
import type { TableArtifact } from '../manifest/manifest.ts';
import { displayName, qualified, quoteIdent } from '../postgres/identifiers.ts';
import { gap } from '../postgres/inspect.ts';
import { loadOrder } from './load-order.ts';
import { loadTable, type LoadInput } from './load-rows.ts';
import { ownRelations, type Selection, type SequenceValue } from './selection.ts';
import {
  readForeignKeys,
  readParents,
  readTargetTables,
  tablesWithRows,
  targetKey,
  type TargetTable,
} from './target-tables.ts';
import { silenceTriggers } from './triggers.ts';
import { command, runStrictly } from './within-session.ts';

type Load = Pick<LoadInput, 'repository' | 'manifest' | 'signal' | 'meter'>;

/** Loads rows in the encoding they were read in. */
export async function loadTables(load: Load, client: pg.Client, tables: TableArtifact[]): Promise<void> {
  await client.query(`SET client_encoding TO ${load.manifest.source.clientEncoding}`);
  for (const table of tables) {
    load.signal.throwIfAborted();
    if (table.rows > 0) await loadTable(load, client, table);
  }
  await client.query('SET client_encoding TO UTF8');
}

/**
 * Sets sequences of chosen tables. A plain setval would outlive a rollback; after RESTART the sequence has a new file,
 * which goes with the transaction, and so does what setval writes there.
 */
export async function setSequences(
  client: pg.Client,
  values: SequenceValue[],
  held: Map<string, { owned: boolean }> | null,
): Promise<CoverageGap[]> {
  const lost: string[] = [];
  for (const { statement, sequence } of values) {
    const name = displayName(sequence.schema, sequence.name);
    if (held && !held.has(name)) {
      lost.push(name);
      continue;
    }
    const restart = `ALTER SEQUENCE ${qualified(sequence.schema, sequence.name)} RESTART`;
    // only an owner may: else a value that went too far stays, and no number is given out twice
    if (held?.get(name)?.owned) await command(client, restart, `Sequence ${name}`);
    await runStrictly(client, statement);
  }
  return lost.length > 0 ? [gap('sequences', lost, 'The target does not hold these sequences.')] : [];
}

async function lockTables(client: pg.Client, tables: TargetTable[]): Promise<void> {
  for (const { schema, name } of tables) {
    const sql = `LOCK TABLE ONLY ${qualified(schema, name)} IN SHARE ROW EXCLUSIVE MODE`;
    await command(client, sql, `Table ${displayName(schema, name)}`);
  }
}

/**
 * What TRUNCATE is told: tables by themselves, and partitioned tables too, which foreign keys may mean. Not those with
 * foreign tables below them: TRUNCATE would empty these on their own server.
 */
async function truncated(client: pg.Client, held: TargetTable[]): Promise<string[]> {
  const parents = await readParents(
    client,
    held.map(({ oid }) => oid),
  );
  const lineOf = (oid: string): string[] => [oid, ...(parents.get(oid) ?? []).flatMap(lineOf)];
  const elsewhere = new Set(held.filter(({ relkind }) => relkind === 'f').flatMap(({ oid }) => lineOf(oid)));
  return held.flatMap(({ oid, relkind, schema, name }) => {
    if (relkind === 'r') return `ONLY ${qualified(schema, name)}`;
    return relkind === 'p' && !elsewhere.has(oid) ? qualified(schema, name) : [];
  });
}

async function emptyTables(client: pg.Client, held: TargetTable[], overwrite: boolean): Promise<void> {
  if (overwrite) {
    const names = await truncated(client, held);
    // one statement: tables that refer to each other can be emptied only together
    if (names.length > 0) await command(client, `TRUNCATE TABLE ${names.join(', ')}`, 'Emptying the tables');
    return;
  }
  // looked at before, but only now are they locked
  const filled = await tablesWithRows(
    client,
    held.filter(({ relkind }) => relkind === 'r'),
  );
  if (filled.length === 0) return;
  const names = filled.slice(0, 20).map(targetKey).join(', ');
  throw new OperationError('restore.target_not_empty', `These tables hold rows: ${names}`, {
    hint: 'Set overwrite to replace the rows.',
  });
}

/**
 * Loaded as a replica, nobody has checked that rows of unchosen tables are there for the loaded ones. A copy of each such
 * foreign key is added, which makes Postgres look and keeps others from changing those tables meanwhile, and dropped.
 */
async function checkForeignKeys(client: pg.Client, tables: TargetTable[]): Promise<void> {
  const oids = tables.map(({ oid }) => oid);
  const chosen = new Set(oids);
  for (const key of await readForeignKeys(client, oids)) {
    if (!key.validated || !chosen.has(key.tableOid) || chosen.has(key.referencesOid)) continue;
    const table = tables.find(({ oid }) => oid === key.tableOid);
    if (!table) continue;
    const alter = `ALTER TABLE ${qualified(table.schema, table.name)}`;
    const copy = quoteIdent('holdfast check');
    const subject = `Foreign key ${key.name} of ${key.table} to ${key.references}, which was not chosen`;
    await command(client, `${alter} ADD CONSTRAINT ${copy} ${key.definition}`, subject);
    await command(client, `${alter} DROP CONSTRAINT ${copy}`, subject);
  }
}

/** Replaces the rows of chosen tables within the open transaction, without firing triggers, and sets their sequences. */
export async function replaceRows(
  load: Load,
  client: pg.Client,
  input: { selection: Selection; tables: TableArtifact[]; sequences: SequenceValue[]; overwrite: boolean },
): Promise<CoverageGap[]> {
  const held = await readTargetTables(client, ownRelations(input.selection));
  const targets = held.filter(({ relkind }) => relkind === 'r' || relkind === 'p');
  await lockTables(client, targets);
  const triggers = await silenceTriggers(client, targets);
  await emptyTables(client, held, input.overwrite);
  const { order } = triggers.replica ? { order: input.tables } : await loadOrder(client, input.tables, targets);
  await loadTables(load, client, order);
  await triggers.restore();
  if (triggers.replica) await checkForeignKeys(client, targets);
  return setSequences(client, input.sequences, new Map(held.map((one) => [targetKey(one), one])));
}
