import type { PreflightFinding } from '@holdfast/contracts';
import type pg from 'pg';
import { displayIdent, displayName } from '../postgres/identifiers.ts';
import { loadOrder } from './load-order.ts';
import { askedRelations } from './restore-plan.ts';
import { ownRelations, type Selection } from './selection.ts';
import { parseQualified, type QualifiedName } from './sql-tokens.ts';
import {
  readForeignKeys,
  readPresent,
  readSchemaObjects,
  readTargetTables,
  tablesWithRows,
  targetKey,
  type TargetTable,
} from './target-tables.ts';
import { firingTriggers, mayBeReplica } from './triggers.ts';

const SHOWN = 20;

/** What a restore into the database that is there meets. */
export interface WithinLook {
  findings: PreflightFinding[];
  /** Chosen things of the target that would be replaced. */
  overwritten: string[];
  overwrittenCount: number;
  /** Relations that were not chosen, matter to the chosen ones, and are there. */
  present: Set<string>;
}

type Blocker = (code: PreflightFinding['code'], subjects: string[], message: string, hint?: string) => void;

const listed = (names: string[]): string =>
  names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

class Findings {
  readonly list: PreflightFinding[] = [];

  /** Nothing when there are no subjects; `%` in the message stands for their names. */
  readonly blocker: Blocker = (code, subjects, message, hint) => {
    if (subjects.length === 0) return;
    const text = message.replace('%', () => listed(subjects));
    this.list.push({ severity: 'blocker', code, message: text, ...(hint === undefined ? {} : { hint }) });
  };
}

function columnFindings(selection: Selection, held: Map<string, TargetTable>, blocker: Blocker): void {
  const missing: string[] = [];
  const generated: string[] = [];
  for (const table of selection.tables) {
    const target = held.get(table.name);
    if (!target) continue;
    for (const column of table.columns) {
      const shown = `${table.name}.${displayIdent(column)}`;
      if (!target.columns.includes(column)) missing.push(shown);
      else if (target.generated.includes(column)) generated.push(shown);
    }
  }
  const hint = 'Bring the schema to where it was when the backup was taken, or restore into a new database.';
  blocker('restore.column_missing', missing, 'The target lacks these columns: %', hint);
  blocker('restore.column_generated', generated, 'The target computes these columns itself: %', hint);
}

function rightFindings(tables: TargetTable[], overwrite: boolean, blocker: Blocker): void {
  const names = (wanted: (table: TargetTable) => boolean) => tables.filter(wanted).map(targetKey);
  const hint = 'Use the role that owns the tables.';
  blocker(
    'postgres.permission_denied',
    names((t) => !t.mayInsert),
    'The role may not insert into %',
    hint,
  );
  blocker(
    'postgres.permission_denied',
    names((t) => !t.mayRead),
    'The role may not read %',
    hint,
  );
  if (overwrite)
    blocker(
      'postgres.permission_denied',
      names((t) => !t.mayTruncate),
      'The role may not empty %',
      hint,
    );
  blocker(
    'postgres.rows_hidden',
    names(({ hidden }) => hidden),
    'Row-level security hides rows of %',
    'Use a role with BYPASSRLS, or the owner of the tables.',
  );
}

/** Foreign keys from tables that stay to tables that are emptied or dropped. */
async function referenceFindings(client: pg.Client, tables: TargetTable[], blocker: Blocker): Promise<void> {
  const oids = tables.map(({ oid }) => oid);
  const chosen = new Set(oids);
  const keys = await readForeignKeys(client, oids);
  const outside = keys.filter((key) => chosen.has(key.referencesOid) && !chosen.has(key.tableOid));
  blocker(
    'restore.foreign_key',
    outside.map(({ name, table, references }) => `${name} of ${table} (to ${references})`),
    'Foreign keys of tables that were not chosen stand in the way: %',
    'Choose these tables too, or restore into a new database.',
  );
}

async function lookForRows(client: pg.Client, selection: Selection, overwrite: boolean): Promise<WithinLook> {
  const { list, blocker } = new Findings();
  const found = (await readTargetTables(client, ownRelations(selection))).filter((t) => t.relkind !== 'S');
  const held = new Map(found.map((table) => [targetKey(table), table]));
  const wanted = selection.tables.filter(({ condition }) => condition === null);
  const isMissing = ({ name }: { name: string }): boolean => !['r', 'p'].includes(held.get(name)?.relkind ?? '');
  blocker(
    'restore.table_missing',
    wanted.filter(isMissing).map(({ name }) => name),
    'The target lacks these tables: %',
    'Rows alone go into tables that are there; restore the schema too.',
  );
  columnFindings(selection, held, blocker);
  const tables = found.filter(({ relkind }) => relkind === 'r' || relkind === 'p');
  rightFindings(tables, overwrite, blocker);
  const readable = tables.filter(({ relkind, mayRead, hidden }) => relkind === 'r' && mayRead && !hidden);
  const filled = (await tablesWithRows(client, readable)).map(targetKey);
  if (overwrite) await referenceFindings(client, tables, blocker);
  else blocker('restore.target_not_empty', filled, 'These tables hold rows: %', 'Set overwrite to replace the rows.');
  if (!(await mayBeReplica(client))) {
    const fired = await firingTriggers(client, tables, false);
    const firing = new Set(fired.map(({ schema, table }) => displayName(schema, table)));
    blocker(
      'postgres.permission_denied',
      tables.filter((one) => !one.owned && firing.has(targetKey(one))).map(targetKey),
      'The role can keep triggers from firing only on its own tables; not on %',
      'Use the owner of the tables, or a role that may set session_replication_role.',
    );
    const { cycle } = await loadOrder(client, selection.tables, tables);
    blocker(
      'restore.foreign_key_cycle',
      cycle,
      'These tables refer to each other, so that none can be loaded first: %',
      'Use a role that may set session_replication_role, or make the foreign keys deferrable.',
    );
  }
  return { findings: list, overwritten: filled, overwrittenCount: filled.length, present: new Set() };
}

async function lookForTables(client: pg.Client, selection: Selection, overwrite: boolean): Promise<WithinLook> {
  const { list, blocker } = new Findings();
  const present = await readPresent(
    client,
    askedRelations(selection).flatMap((name) => parseQualified(name) ?? []),
  );
  const found = await readTargetTables(client, ownRelations(selection));
  const tables = found.filter(({ relkind }) => relkind !== 'S');
  // what is named already, and sequences that go with their tables
  const told = new Set(found.filter((one) => one.relkind !== 'S' || isOwned(selection, one)).map(targetKey));
  const others = (await readSchemaObjects(client, [...selection.schemas]))
    .filter(({ identity }) => !told.has(normal(identity)))
    .map(({ type, identity }) => (type === 'table' ? identity : `${type} ${identity}`));
  const overwritten = [...tables.map(targetKey), ...others];
  if (!overwrite) {
    const hint = 'Set overwrite to replace what is there, restore rows alone, or restore into a new database.';
    blocker('restore.target_not_empty', overwritten, 'The target holds what was chosen: %', hint);
  } else {
    blocker(
      'postgres.permission_denied',
      tables.filter(({ owned }) => !owned).map(targetKey),
      'The role may replace only what it owns; not %',
    );
    await referenceFindings(client, tables, blocker);
  }
  return { findings: list, overwritten, overwrittenCount: overwritten.length, present };
}

const isOwned = ({ outline }: Selection, sequence: QualifiedName): boolean => outline.tableOf.has(targetKey(sequence));

const normal = (identity: string): string => {
  const name = parseQualified(identity);
  return name ? displayName(name.schema, name.name) : identity;
};

/** Looks at what the database that is there holds of the selection, without changing anything. */
export const lookWithin = (client: pg.Client, selection: Selection, overwrite: boolean): Promise<WithinLook> =>
  selection.content === 'data'
    ? lookForRows(client, selection, overwrite)
    : lookForTables(client, selection, overwrite);
