import { displayName } from '../postgres/identifiers.ts';
import type { Statement } from '../postgres/statements.ts';
import { TokenWalk, type QualifiedName } from './sql-tokens.ts';
import { describe, type DescribedStatement } from './statement-subject.ts';

export type RelationKind = 'table' | 'foreign table' | 'view' | 'materialized view' | 'sequence';

export interface Relation extends QualifiedName {
  kind: RelationKind;
}

/** What one statement says beside its subject; names are as `displayName` writes them. */
export interface StatementFacts {
  foreignKey?: { name: string; references: string };
  /** ATTACH PARTITION of a table. */
  attaches?: { child: string };
  /** ATTACH PARTITION of an index, by the indexes. */
  attachesIndex?: { parent: string; child: string };
  /** COMMENT ON CONSTRAINT … ON a table. */
  constraint?: string;
  /** Makes an index, by itself or with a constraint. */
  indexes?: boolean;
  /** CREATE TRIGGER. */
  trigger?: string;
  /** ALTER TABLE … ENABLE or DISABLE TRIGGER. */
  switchesTrigger?: string;
  ownedBy?: boolean;
}

export interface OutlinedStatement extends DescribedStatement, StatementFacts {}

/** What the schema of a backup consists of and how its parts hang together; relations by `displayName`. */
export interface Outline {
  preData: OutlinedStatement[];
  postData: OutlinedStatement[];
  relations: Map<string, Relation>;
  /** Child -> what it is a partition of, or inherits from. */
  parents: Map<string, string[]>;
  partitions: Set<string>;
  /** Index, statistics object or sequence -> its table. */
  tableOf: Map<string, string>;
  schemas: Set<string>;
}

const keyOf = ({ schema, name }: QualifiedName): string => displayName(schema, name);

const SYSTEM = /^pg_|^information_schema$/;

const CREATED: [string[], RelationKind][] = [
  [['UNLOGGED', 'TABLE'], 'table'],
  [['TABLE'], 'table'],
  [['FOREIGN', 'TABLE'], 'foreign table'],
  [['OR', 'REPLACE', 'VIEW'], 'view'],
  [['VIEW'], 'view'],
  [['MATERIALIZED', 'VIEW'], 'materialized view'],
  [['UNLOGGED', 'SEQUENCE'], 'sequence'],
  [['SEQUENCE'], 'sequence'],
];

/** Reads statements one by one; what later ones need to know of earlier ones is in the outline by then. */
class OutlineReader {
  readonly outline: Outline = {
    ...{ preData: [], postData: [], relations: new Map(), parents: new Map(), partitions: new Set() },
    ...{ tableOf: new Map(), schemas: new Set(['public']) },
  };

  read(statement: Statement): OutlinedStatement {
    const described = describe(statement);
    const { subject } = described;
    if ('schema' in subject && !SYSTEM.test(subject.schema)) this.outline.schemas.add(subject.schema);
    if (subject.of === 'schema') this.outline.schemas.add(subject.name);
    const walk = new TokenWalk(statement.text);
    if (walk.take('COMMENT', 'ON', 'CONSTRAINT')) return { ...described, constraint: walk.name() ?? '' };
    if (subject.of === 'index' && walk.take('ALTER', 'INDEX')) return { ...described, ...this.alteredIndex(walk) };
    if (subject.of !== 'relation') return described;
    if (walk.take('CREATE')) return { ...described, ...this.created(walk, keyOf(subject)) };
    if (walk.take('ALTER', 'SEQUENCE')) return { ...described, ...this.alteredSequence(walk, keyOf(subject)) };
    if (walk.take('ALTER')) return { ...described, ...this.alteredTable(walk, subject) };
    return described;
  }

  private created(walk: TokenWalk, table: string): StatementFacts {
    const { tableOf, relations, parents } = this.outline;
    const kind = CREATED.find(([words]) => walk.take(...words))?.[1];
    if (kind) {
      const name = walk.qualified();
      if (name) relations.set(table, { ...name, kind: relations.get(table)?.kind ?? kind });
      if (!kind.endsWith('table') || !walk.skipTo('INHERITS')) return {};
      walk.symbol('(');
      const names: string[] = [];
      for (let parent = walk.qualified(); parent; parent = walk.symbol(',') ? walk.qualified() : null) {
        names.push(keyOf(parent));
      }
      parents.set(table, names);
      return {};
    }
    if (walk.take('STATISTICS')) {
      const name = walk.qualified();
      if (name) tableOf.set(keyOf(name), table);
      return {};
    }
    if (walk.take('UNIQUE', 'INDEX') || walk.take('INDEX')) return this.index(walk.name(), table);
    if (walk.take('TRIGGER') || walk.take('CONSTRAINT', 'TRIGGER')) return { trigger: walk.name() ?? '' };
    return {};
  }

  /** An index lives in its table's schema. */
  private index(name: string | null, table: string): StatementFacts {
    const schema = this.outline.relations.get(table)?.schema;
    if (name !== null && schema !== undefined) this.outline.tableOf.set(displayName(schema, name), table);
    return { indexes: true };
  }

  private alteredIndex(walk: TokenWalk): StatementFacts {
    const parent = walk.qualified();
    if (!parent || !walk.take('ATTACH', 'PARTITION')) return {};
    const child = walk.qualified();
    return child ? { attachesIndex: { parent: keyOf(parent), child: keyOf(child) } } : {};
  }

  private alteredSequence(walk: TokenWalk, sequence: string): StatementFacts {
    walk.qualified();
    if (!walk.take('OWNED', 'BY')) return {};
    const table = walk.qualified();
    if (table) this.outline.tableOf.set(sequence, keyOf(table));
    return { ownedBy: true };
  }

  private alteredTable(walk: TokenWalk, subject: QualifiedName): StatementFacts {
    const table = keyOf(subject);
    walk.words();
    walk.qualified();
    if (walk.take('ADD', 'CONSTRAINT')) return this.addedConstraint(walk, table);
    if (walk.take('ATTACH', 'PARTITION')) {
      const child = walk.qualified();
      if (!child) return {};
      this.outline.parents.set(keyOf(child), [table]);
      this.outline.partitions.add(keyOf(child));
      return { attaches: { child: keyOf(child) } };
    }
    if (walk.take('ALTER', 'COLUMN')) {
      walk.name();
      if (walk.take('ADD', 'GENERATED')) this.identity(walk, table);
      return {};
    }
    const switched = walk.words();
    return switched.at(-1) === 'TRIGGER' ? { switchesTrigger: walk.name() ?? '' } : {};
  }

  private identity(walk: TokenWalk, table: string): void {
    if (!walk.skipTo('IDENTITY')) return;
    walk.symbol('(');
    if (!walk.skipTo('NAME')) return;
    const sequence = walk.qualified();
    if (!sequence) return;
    this.outline.tableOf.set(keyOf(sequence), table);
    this.outline.relations.set(keyOf(sequence), { ...sequence, kind: 'sequence' });
  }

  private addedConstraint(walk: TokenWalk, table: string): StatementFacts {
    const name = walk.name();
    if (name === null) return {};
    if (walk.take('PRIMARY', 'KEY') || walk.take('UNIQUE') || walk.take('EXCLUDE')) return this.index(name, table);
    if (!walk.take('FOREIGN', 'KEY') || !walk.skipTo('REFERENCES')) return {};
    const references = walk.qualified();
    return references ? { foreignKey: { name, references: keyOf(references) } } : {};
  }
}

const AUTHORIZATION = /^(SET|RESET) SESSION AUTHORIZATION\b/;

/** A grant by somebody else stands between two statements that only serve it: they share its subject. */
function withGrantors(statements: OutlinedStatement[]): OutlinedStatement[] {
  return statements.map((outlined, index) => {
    const verb = AUTHORIZATION.exec(outlined.statement.text)?.[1];
    if (verb === undefined) return outlined;
    const grant = statements[verb === 'SET' ? index + 1 : index - 1];
    return grant ? { ...outlined, subject: grant.subject } : outlined;
  });
}

/** Reads how the statements of a dump hang together. */
export function readOutline(preData: Statement[], postData: Statement[]): Outline {
  const reader = new OutlineReader();
  const read = (statements: Statement[]) => withGrantors(statements.map((statement) => reader.read(statement)));
  return { ...reader.outline, preData: read(preData), postData: read(postData) };
}
