import type { CoverageGap } from '@holdfast/contracts';
import type { RoleDescription, TableArtifact } from '../manifest/manifest.ts';
import { displayIdent, displayName } from '../postgres/identifiers.ts';
import { gap } from '../postgres/inspect.ts';
import type { Statement } from '../postgres/statements.ts';
import type { OutlinedStatement } from './outline.ts';
import type { ChosenParts } from './apply.ts';
import type { Selection, SequenceValue } from './selection.ts';
import { tokensOf } from './sql-tokens.ts';
import { describeStatement, type StatementFault } from './statement-runner.ts';
import { mentioned, neededSupport, objectsOf, type SupportObject } from './support.ts';

/** The statements and rows of a selection, once it is known which other tables the target holds. */
export interface RestorePlan {
  preData: OutlinedStatement[];
  postData: OutlinedStatement[];
  /** Values of chosen sequences. */
  sequences: SequenceValue[];
  /** Values of sequences that chosen tables use without owning them: for those that this restore makes. */
  supportSequences: SequenceValue[];
  tables: TableArtifact[];
  /** What chosen tables may need: whether it can be made is told by what is chosen. */
  support: Map<Statement, SupportObject>;
  /** Relations that chosen statements need, that were not chosen and that the target lacks -> what needs them. */
  missing: Map<string, string>;
  /** Constraints that are not restored, as the catalog names them: `name on schema.table`, by `displayName`. */
  leftOut: Set<string>;
  /** Partitions that become tables of their own. */
  detached: Set<string>;
  gaps: CoverageGap[];
}

type Verdict = 'chosen' | 'late' | 'left out' | 'candidate';

/** Global things that would act on what was not chosen. */
const NEVER = new Set(['PUBLICATION', 'SUBSCRIPTION', 'EVENT TRIGGER', 'LARGE OBJECT', 'DEFAULT PRIVILEGES']);

/** How a left-out constraint is remembered. */
export const constraintName = (constraint: string, table: string): string => `${displayIdent(constraint)} on ${table}`;

class Planner {
  private readonly selection: Selection;
  private readonly present: Set<string>;
  readonly leftOut = new Set<string>();
  readonly detached: Set<string>;
  private readonly triggers = new Set<string>();

  constructor(selection: Selection, present: Set<string>) {
    this.selection = selection;
    this.present = present;
    const { partitions, parents } = selection.outline;
    const alone = [...partitions].filter(
      (name) => this.chosen(name) && parents.get(name)?.some((parent) => !this.chosen(parent) && !present.has(parent)),
    );
    this.detached = new Set(alone);
  }

  private chosen(relation: string): boolean {
    return this.selection.relations.has(relation);
  }

  judge(outlined: OutlinedStatement): Verdict {
    const { subject } = outlined;
    switch (subject.of) {
      case 'setting':
        return 'chosen';
      case 'schema':
        return this.selection.schemas.has(subject.name) ? 'chosen' : 'candidate';
      case 'object':
        return this.selection.schemas.has(subject.schema) ? 'chosen' : 'candidate';
      case 'global':
        return NEVER.has(subject.type) ? 'left out' : 'candidate';
      case 'relation':
        return this.judgeRelation(outlined, displayName(subject.schema, subject.name), subject.schema);
      default: {
        const table = this.selection.outline.tableOf.get(displayName(subject.schema, subject.name));
        return table === undefined ? 'left out' : this.judgeRelation(outlined, table, subject.schema);
      }
    }
  }

  private judgeRelation(outlined: OutlinedStatement, relation: string, schema: string): Verdict {
    const { attaches, attachesIndex, foreignKey, constraint, trigger, switchesTrigger } = outlined;
    if (attaches) return this.judgeAttach(relation, attaches.child);
    if (attachesIndex) {
      return this.judgeAttach(relation, this.selection.outline.tableOf.get(attachesIndex.child) ?? '');
    }
    if (!this.chosen(relation)) return this.judgeUnchosen(outlined, relation, schema);
    if (foreignKey && !this.chosen(foreignKey.references) && !this.present.has(foreignKey.references)) {
      this.leftOut.add(constraintName(foreignKey.name, relation));
      return 'left out';
    }
    if (constraint !== undefined && this.leftOut.has(constraintName(constraint, relation))) return 'left out';
    if (trigger !== undefined) this.triggers.add(`${relation} ${trigger}`);
    // a trigger that came from the parent is not there to be switched off
    const inherited = switchesTrigger !== undefined && !this.triggers.has(`${relation} ${switchesTrigger}`);
    return inherited && this.detached.has(relation) ? 'left out' : 'chosen';
  }

  private judgeAttach(parent: string, child: string): Verdict {
    if (!this.chosen(child)) return 'left out';
    if (this.chosen(parent)) return 'chosen';
    return this.present.has(parent) ? 'late' : 'left out';
  }

  /** A sequence may be used without being owned; what belongs to a composite type is named like a column. */
  private judgeUnchosen(outlined: OutlinedStatement, relation: string, schema: string): Verdict {
    const kind = this.selection.outline.relations.get(relation)?.kind;
    if (kind === undefined) return this.selection.schemas.has(schema) ? 'chosen' : 'candidate';
    return kind === 'sequence' && outlined.subject.of === 'relation' && !outlined.ownedBy ? 'candidate' : 'left out';
  }
}

/**
 * A partition whose parent stays is attached once its own indexes are there: the parent's then take them over instead of
 * making new ones. Its triggers and foreign keys come from the parent with that.
 */
function withLate(chosen: OutlinedStatement[], late: OutlinedStatement[]): OutlinedStatement[] {
  const place = chosen.findLastIndex(({ indexes, attachesIndex }) => indexes || attachesIndex) + 1;
  const tablesFirst = [...late.filter(({ attaches }) => attaches), ...late.filter(({ attaches }) => !attaches)];
  return [...chosen.slice(0, place), ...tablesFirst, ...chosen.slice(place)];
}

function gapsOf(planner: Planner): CoverageGap[] {
  const gaps: CoverageGap[] = [];
  if (planner.leftOut.size > 0) {
    const reason = 'They refer to tables that were not chosen and that the target does not hold.';
    gaps.push(gap('foreign-keys', [...planner.leftOut], reason));
  }
  if (planner.detached.size > 0) {
    const reason = 'The table they are partitions of was not chosen: they are restored as tables of their own.';
    gaps.push(gap('partition-parents', [...planner.detached], reason));
  }
  return gaps;
}

/** Other tables and views without which chosen statements fail: parents, what policies, rules and views look at. */
function neededRelations(selection: Selection, statements: OutlinedStatement[]): Map<string, string> {
  const { outline, relations } = selection;
  const needed = new Map<string, string>();
  for (const outlined of statements) {
    if (outlined.foreignKey || outlined.attaches || outlined.attachesIndex) continue;
    for (const name of mentioned(outlined)) {
      const kind = outline.relations.get(name)?.kind;
      if (kind === undefined || kind === 'sequence' || relations.has(name) || needed.has(name)) continue;
      needed.set(name, describeStatement(outlined.statement));
    }
  }
  return needed;
}

/** Relations outside the selection that decide what of it can be restored, if the target holds them. */
export function askedRelations(selection: Selection): string[] {
  const { outline, relations } = selection;
  const parents = [...outline.parents].flatMap(([child, names]) => (relations.has(child) ? names : []));
  const { preData, postData } = planRestore(selection, new Set());
  const referenced = outline.postData.flatMap(({ foreignKey }) => foreignKey?.references ?? []);
  const needed = neededRelations(selection, [...preData, ...postData]).keys();
  return [...new Set([...parents, ...referenced, ...needed])].filter((name) => !relations.has(name));
}

/** Decides for each statement of a backup's schema; `present` names relations of the target that were not chosen. */
export function planRestore(selection: Selection, present: Set<string>): RestorePlan {
  const planner = new Planner(selection, present);
  const { outline, sequenceValues, relations } = selection;
  const judged = [...outline.preData, ...outline.postData].map((outlined) => ({
    outlined,
    verdict: planner.judge(outlined),
  }));
  const of = (verdict: Verdict) => judged.filter((one) => one.verdict === verdict).map(({ outlined }) => outlined);
  const chosen = new Set(of('chosen'));
  const objects = neededSupport([...chosen], objectsOf(of('candidate')));
  const support = new Map(
    objects.flatMap((object) => object.statements.map((one) => [one.statement, object] as const)),
  );
  const kept = (outlined: OutlinedStatement): boolean => chosen.has(outlined) || support.has(outlined.statement);
  const values = (wanted: (key: string) => boolean) =>
    sequenceValues.filter(({ sequence }) => wanted(displayName(sequence.schema, sequence.name)));
  const supported = new Set(objects.map(({ key }) => key));
  return {
    preData: outline.preData.filter(kept),
    postData: withLate(outline.postData.filter(kept), of('late')),
    sequences: values((key) => relations.has(key)),
    supportSequences: values((key) => !relations.has(key) && supported.has(`relation ${key}`)),
    ...{ tables: selection.tables, support, leftOut: planner.leftOut, detached: planner.detached },
    missing: new Map([...neededRelations(selection, [...chosen])].filter(([name]) => !present.has(name))),
    gaps: gapsOf(planner),
  };
}

/** Roles that the statements name, with those they are members of. */
export function rolesOf(plan: RestorePlan, roles: RoleDescription[]): RoleDescription[] {
  const named = new Set<string>();
  for (const { statement } of [...plan.preData, ...plan.postData]) {
    for (const { kind, text } of tokensOf(statement.text)) if (kind === 'name') named.add(text);
  }
  for (let grown = -1; grown !== named.size;) {
    grown = named.size;
    for (const { name, memberOf } of roles) if (named.has(name)) memberOf.forEach(({ role }) => named.add(role));
  }
  return roles.filter(({ name }) => named.has(name));
}

/** A plan in the form in which an empty database is given it. */
export function chosenParts(plan: RestorePlan, roles: RoleDescription[]): ChosenParts {
  const texts = (statements: OutlinedStatement[]): Statement[] => statements.map(({ statement }) => statement);
  const sequences = [...plan.sequences, ...plan.supportSequences].map(({ statement }) => statement);
  return {
    statements: { 'pre-data': texts(plan.preData), 'post-data': texts(plan.postData), sequences },
    ...{ tables: plan.tables, roles: rolesOf(plan, roles) },
  };
}

/** SQLSTATEs that say that something is there already. */
const THERE_ALREADY = new Set(['42710', '42P06', '42P07', '42723', '42P16', '23505']);

/** Remembers what of the support could not be made, and what goes with it. */
export class SupportFaults {
  private readonly plan: RestorePlan;
  private readonly unmade = new Set<SupportObject>();
  private readonly told: string[] = [];

  constructor(plan: RestorePlan) {
    this.plan = plan;
  }

  /** False where the statement was chosen, or is about support that was made. */
  tolerates({ statement, sqlState }: Pick<StatementFault, 'statement' | 'sqlState'>): boolean {
    const object = this.plan.support.get(statement);
    if (!object) return false;
    if (!statement.text.startsWith('CREATE ')) return this.unmade.has(object);
    this.unmade.add(object);
    if (!THERE_ALREADY.has(sqlState ?? '')) this.told.push(describeStatement(statement));
    return true;
  }

  gaps(): CoverageGap[] {
    const reason = 'These could not be made here; what was chosen could be restored without them.';
    return this.told.length > 0 ? [gap('support', this.told, reason)] : [];
  }
}
