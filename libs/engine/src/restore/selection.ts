import { OperationError, type RestoreContent } from '@holdfast/contracts';
import { readText } from '../manifest/artifact-reader.ts';
import { isTable, textArtifact, type Manifest, type TableArtifact, type TextArtifact } from '../manifest/manifest.ts';
import { displayName } from '../postgres/identifiers.ts';
import { splitStatements, type Statement } from '../postgres/statements.ts';
import type { Repository } from '../repository/repository.ts';
import { readOutline, type Outline, type Relation } from './outline.ts';
import { parseQualified, tokensOf, type QualifiedName } from './sql-tokens.ts';

export interface SelectionRequest {
  /** Bare names. */
  schemas: string[];
  /** `schema.table`, quoted as SQL does where needed. */
  tables: string[];
  content: RestoreContent;
}

/** A statement that sets a sequence's value, and which. */
export interface SequenceValue {
  statement: Statement;
  sequence: QualifiedName;
}

/** What was chosen of a backup, before anything is known about the target. */
export interface Selection {
  content: RestoreContent;
  /** True where nothing was named: every table, for a restore of rows alone. */
  everything: boolean;
  outline: Outline;
  schemas: Set<string>;
  /** By `displayName`: tables with all below them, views, and the sequences that live and die with a chosen table. */
  relations: Map<string, Relation>;
  /** Rows that were chosen, each table's where it is to be loaded. */
  tables: TableArtifact[];
  /** All of the backup. */
  sequenceValues: SequenceValue[];
}

async function statementsOf(
  repository: Repository,
  manifest: Manifest,
  kind: TextArtifact['kind'],
  signal: AbortSignal,
): Promise<Statement[]> {
  const text = await readText(repository, manifest, textArtifact(manifest, kind), signal);
  return [...splitStatements(text)];
}

/** `SELECT pg_catalog.setval('name', …)`. */
function sequenceValueOf(statement: Statement): SequenceValue[] {
  const name = [...tokensOf(statement.text)].find(({ kind }) => kind === 'text');
  const sequence = name ? parseQualified(name.text) : null;
  return sequence ? [{ statement, sequence }] : [];
}

/** Views, too, may be named as tables are; sequences come with their tables. */
function relationsOf(outline: Outline, tables: TableArtifact[]): Map<string, Relation> {
  const relations = new Map(outline.relations);
  for (const { name, schema, table } of tables) {
    // an extension's table: no statement makes it
    if (!relations.has(name)) relations.set(name, { schema, name: table, kind: 'table' });
  }
  return relations;
}

function resolveTables(names: string[], known: Map<string, Relation>): { found: string[]; unknown: string[] } {
  const keys = names.map((name) => {
    const parsed = parseQualified(name);
    const key = parsed ? displayName(parsed.schema, parsed.name) : '';
    const relation = known.get(key);
    return { name, key: relation && relation.kind !== 'sequence' ? key : null };
  });
  return {
    found: keys.flatMap(({ key }) => key ?? []),
    unknown: keys.flatMap(({ name, key }) => (key === null ? [name] : [])),
  };
}

/** A bare name, or one quoted as SQL does. */
function resolveSchemas(names: string[], known: Set<string>): { found: string[]; unknown: string[] } {
  const resolved = names.map((name) => {
    const [token, more] = [...tokensOf(name)];
    const quoted = token?.kind === 'name' && !more ? token.text : name;
    return { name, schema: known.has(name) ? name : known.has(quoted) ? quoted : null };
  });
  return {
    found: resolved.flatMap(({ schema }) => schema ?? []),
    unknown: resolved.flatMap(({ name, schema }) => (schema === null ? [name] : [])),
  };
}

function refuseUnknown(schemas: string[], tables: string[]): void {
  const told = [
    ...schemas.map((name) => ({ at: 'schemas', message: `no schema ${name}` })),
    ...tables.map((name) => ({ at: 'tables', message: `no table ${name}` })),
  ];
  if (told.length === 0) return;
  const names = told.slice(0, 20).map(({ message }) => message);
  const more = told.length > 20 ? `, and ${told.length - 20} more` : '';
  throw new OperationError('restore.selection_unknown', `The backup holds ${names.join(', ')}${more}`, {
    hint: 'Tables are named schema.table, with the parts quoted where SQL needs it: public."Order lines".',
    errors: told,
  });
}

/** Adds all partitions and heirs of what is chosen, and the sequences that belong to it. */
function withTrees(outline: Outline, chosen: Set<string>): Set<string> {
  for (let grown = true; grown;) {
    grown = false;
    for (const [child, parents] of outline.parents) {
      if (chosen.has(child) || !parents.some((parent) => chosen.has(parent))) continue;
      chosen.add(child);
      grown = true;
    }
  }
  for (const [name, table] of outline.tableOf) {
    if (outline.relations.get(name)?.kind === 'sequence' && chosen.has(table)) chosen.add(name);
  }
  return chosen;
}

/** Finds what a request names. Throws `restore.selection_unknown`, naming each schema and table that is not there. */
export function select(
  request: SelectionRequest,
  outline: Outline,
  artifacts: TableArtifact[],
  sequenceValues: SequenceValue[],
): Selection {
  const known = relationsOf(outline, artifacts);
  const everything = request.schemas.length === 0 && request.tables.length === 0;
  const schemas = resolveSchemas(request.schemas, outline.schemas);
  const tables = resolveTables(request.tables, known);
  refuseUnknown(schemas.unknown, tables.unknown);
  const inSchemas = new Set(schemas.found);
  const named = [...known].filter(([, { schema }]) => everything || inSchemas.has(schema)).map(([key]) => key);
  const chosen = withTrees(outline, new Set([...named, ...tables.found]));
  const relations = new Map([...known].filter(([key]) => chosen.has(key)));
  return {
    ...{ content: request.content, everything, outline, schemas: inSchemas, relations, sequenceValues },
    tables: artifacts
      .filter(({ name }) => relations.has(name))
      .map((table) => {
        // rows are given to the root only where all of it was chosen: it spreads them over its other partitions too
        const root = table.loadInto && displayName(table.loadInto.schema, table.loadInto.table);
        return root !== null && !relations.has(root) ? { ...table, loadInto: null } : table;
      }),
  };
}

/** What of a selection its own statements make; an extension's tables come with the extension. */
export const ownRelations = ({ relations, outline }: Selection): Relation[] =>
  [...relations].filter(([key]) => outline.relations.has(key)).map(([, relation]) => relation);

/** Reads a backup's schema and finds what a request names in it. Throws `restore.selection_unknown`. */
export async function readSelection(
  repository: Repository,
  manifest: Manifest,
  request: SelectionRequest,
  signal: AbortSignal,
): Promise<Selection> {
  const read = (kind: TextArtifact['kind']) => statementsOf(repository, manifest, kind, signal);
  const outline = readOutline(await read('pre-data'), await read('post-data'));
  const sequenceValues = (await read('sequences')).flatMap(sequenceValueOf);
  const selection = select(request, outline, manifest.artifacts.filter(isTable), sequenceValues);
  return manifest.source.environmentKind === 'postgres' ? selection : withoutBookkeeping(selection, request);
}

/** How far the platform's own servers have brought their tables: what a project has of it is true of that project only. */
const BOOKKEEPING = ['auth.schema_migrations', 'storage.migrations'];

/** Rows alone go into tables that the target's platform has made: its own notes about them stay, unless named. */
function withoutBookkeeping(selection: Selection, { content, tables }: SelectionRequest): Selection {
  if (content !== 'data') return selection;
  const left = new Set(BOOKKEEPING.filter((name) => !tables.includes(name)));
  return {
    ...selection,
    relations: new Map([...selection.relations].filter(([name]) => !left.has(name))),
    tables: selection.tables.filter(({ name }) => !left.has(name)),
  };
}
