import { OperationError, type CoverageGap } from '@holdfast/contracts';
import type pg from 'pg';
import { compareCatalogs, readCatalog, selectFromCatalog, type Catalog } from '../postgres/catalog.ts';
import { qualified } from '../postgres/identifiers.ts';
import { gap } from '../postgres/inspect.ts';
import type { Meter } from '../run.ts';
import { resetDefaultGrants } from './default-grants.ts';
import type { OutlinedStatement } from './outline.ts';
import { SupportFaults, type RestorePlan } from './restore-plan.ts';
import { relationOf } from './selected-catalog.ts';
import { ownRelations, type Selection } from './selection.ts';
import type { QualifiedName } from './sql-tokens.ts';
import type { SupportObject } from './support.ts';
import { readSchemaObjects, readTargetTables, targetKey, type TargetTable } from './target-tables.ts';
import { command, runStrictly, runTolerantly } from './within-session.ts';

/** In this order: what is looked at through goes before what is looked at. */
const DROPPED: [string, string][] = [
  ['m', 'MATERIALIZED VIEW'],
  ['v', 'VIEW'],
  ['rp', 'TABLE'],
  ['f', 'FOREIGN TABLE'],
];

/** What goes with a table or a type, wherever it lives. */
const GOES_ALONG = /^(?:publication table|sequence value|cast|transform)(?: |$)/;

/** What lies outside the selection and shall stay. */
function outside(catalog: Catalog, selection: Selection, tables: TargetTable[]): Catalog {
  const names = new Set(tables.map(targetKey));
  const chosen = catalog.filter(({ subject }) => names.has(relationOf(subject) ?? '')).map(({ subject }) => subject);
  const part = selectFromCatalog(catalog, { schemas: [...selection.schemas], tables: chosen });
  const inside = new Set(part.map(({ kind, subject }) => `${kind} ${subject}`));
  return catalog.filter(({ kind, subject, of }) => {
    const goes = [`${kind} ${subject}`, of ?? ''];
    return !goes.some((name) => inside.has(name) || GOES_ALONG.test(name));
  });
}

/**
 * Takes away all that lives in the chosen schemas, in whatever order its parts depend on each other; refused when
 * anything outside would go with it. The schemas themselves and extensions in them stay.
 */
async function emptySchemas(client: pg.Client, selection: Selection, tables: TargetTable[]): Promise<void> {
  const objects = await readSchemaObjects(client, [...selection.schemas]);
  if (objects.length === 0) return;
  const before = outside(await readCatalog(client), selection, tables);
  for (const { drop, identity } of objects) await command(client, drop, `Dropping ${identity}`);
  const after = outside(await readCatalog(client), selection, tables);
  const lost = compareCatalogs(before, after).filter(({ expected }) => expected !== null);
  if (lost.length === 0) return;
  const names = lost.slice(0, 20).map(({ kind, subject }) => `${kind} ${subject}`);
  throw new OperationError(
    'postgres.statement_failed',
    `What was not chosen depends on schema ${[...selection.schemas].join(', ')}: ${names.join(', ')}`,
    { hint: 'Choose that too, or drop it first.' },
  );
}

async function publicationsOf(client: pg.Client, tables: TargetTable[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT pg_catalog.format('%I', p.pubname) AS name FROM pg_catalog.pg_publication_rel r
     JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = ANY ($1::oid[]) ORDER BY 1`,
    [tables.map(({ oid }) => oid)],
  );
  return rows.map(({ name }) => name);
}

const readChosen = async (client: pg.Client, selection: Selection): Promise<TargetTable[]> =>
  (await readTargetTables(client, ownRelations(selection))).filter(({ relkind }) => relkind !== 'S');

/** Drops what was chosen and is there. Without CASCADE: what depends on it is named by Postgres. */
export async function dropChosen(client: pg.Client, selection: Selection): Promise<CoverageGap[]> {
  const tables = await readChosen(client, selection);
  const publications = await publicationsOf(client, tables);
  await emptySchemas(client, selection, tables);
  // partitions in other schemas went with their parents
  const left = selection.schemas.size > 0 ? await readChosen(client, selection) : tables;
  for (const [relkinds, words] of DROPPED) {
    const names = left.filter(({ relkind }) => relkinds.includes(relkind)).map((t) => qualified(t.schema, t.name));
    if (names.length > 0) await command(client, `DROP ${words} ${names.join(', ')}`, 'Dropping what was chosen');
  }
  const reason = 'Tables that were replaced belonged to these publications of the target; add them again.';
  return publications.length > 0 ? [gap('publications', publications, reason)] : [];
}

/** Grants, and the statements around one that say who grants. */
const GRANTS = /^(?:GRANT|REVOKE|(?:SET|RESET) SESSION AUTHORIZATION)\b/;

/** Runs the statements of a plan in the open transaction and remembers what came of the support. */
export class SchemaRunner {
  private readonly client: pg.Client;
  private readonly selection: Selection;
  private readonly plan: RestorePlan;
  private readonly meter: Meter;
  private readonly signal: AbortSignal;
  /** Schemas of the target that keep their own owner, grants and comment. */
  readonly kept: Set<string>;
  private readonly made = new Set<SupportObject>();
  private readonly faults: SupportFaults;

  constructor(
    client: pg.Client,
    selection: Selection,
    plan: RestorePlan,
    kept: Set<string>,
    meter: Meter,
    signal: AbortSignal,
  ) {
    this.client = client;
    this.selection = selection;
    this.plan = plan;
    this.faults = new SupportFaults(plan);
    this.kept = kept;
    this.meter = meter;
    this.signal = signal;
  }

  /** Makes everything, then opens it to others: the grants of a dump are for objects with none but their owner's. */
  async runPreData(): Promise<void> {
    const isGrant = ({ statement }: OutlinedStatement): boolean => GRANTS.test(statement.text);
    await this.run(this.plan.preData.filter((outlined) => !isGrant(outlined)));
    await this.resetGrants();
    await this.run(this.plan.preData.filter(isGrant));
  }

  async run(statements: OutlinedStatement[]): Promise<void> {
    for (const outlined of statements) {
      this.signal.throwIfAborted();
      await this.runOne(outlined);
      this.meter.add(1);
    }
  }

  private async runOne(outlined: OutlinedStatement): Promise<void> {
    const { statement, subject } = outlined;
    if (subject.of === 'schema' && this.kept.has(subject.name)) return;
    if (subject.of === 'setting') {
      // all others are the session's own already
      if (statement.text.startsWith('SET default_table_access_method')) await runTolerantly(this.client, statement);
      return;
    }
    const object = this.plan.support.get(statement);
    if (!object) await runStrictly(this.client, statement);
    else if (outlined.creates) await this.makeSupport(outlined, object);
    // what was there before is not ours to alter
    else if (this.made.has(object)) await runStrictly(this.client, statement);
  }

  private async resetGrants(): Promise<void> {
    const names: QualifiedName[] = ownRelations(this.selection);
    const schemas: string[] = [];
    for (const { statement, subject, creates } of this.plan.preData) {
      const object = this.plan.support.get(statement);
      if (!creates || (object && !this.made.has(object))) continue;
      if ('schema' in subject) names.push(subject);
      else if (subject.of === 'schema' && !this.kept.has(subject.name)) schemas.push(subject.name);
    }
    await resetDefaultGrants(this.client, names, schemas);
  }

  private async makeSupport({ statement }: OutlinedStatement, object: SupportObject): Promise<void> {
    const fault = await runTolerantly(this.client, statement);
    if (fault) this.faults.tolerates({ ...fault, statement });
    else this.made.add(object);
  }

  /** Whether this restore made the sequence. */
  madeSequence(name: string): boolean {
    return [...this.made].some(({ key }) => key === `relation ${name}`);
  }

  gaps(): CoverageGap[] {
    return this.faults.gaps();
  }
}

/** Schemas that are there before anything is restored. */
export async function readSchemas(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>('SELECT nspname AS name FROM pg_catalog.pg_namespace');
  return new Set(rows.map(({ name }) => name));
}
