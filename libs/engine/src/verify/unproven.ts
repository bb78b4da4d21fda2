import type { Difference, OperationError } from '@holdfast/contracts';
import { faultCode } from '../postgres/connection.ts';
import { displayName } from '../postgres/identifiers.ts';
import { describeStatement, type StatementFault } from '../restore/statement-runner.ts';

/**
 * What Postgres says where something is not there that an extension, or what failed for want of one, would have made:
 * an object, function, table, column or schema, the extension itself or its file, the key that a foreign key needs.
 */
const ABSENT = new Set(['42704', '42883', '42P01', '42703', '3F000', '0A000', '58P01', '42830']);

/** What failed in a trial. */
export interface TrialFaults {
  statements: StatementFault[];
  tables: { name: string; error: OperationError }[];
}

/** What a trial found: what speaks against the backup, and what could not be proven for want of an extension. */
export interface Judgement {
  differences: Difference[];
  unproven: string[];
}

const difference = (kind: string, subject: string, error: OperationError): Difference => ({
  ...{ kind, subject, protection: false },
  ...{ expected: 'restored without an error', found: error.message },
});

const ofStatement = ({ statement, error }: StatementFault): Difference =>
  difference('statement', describeStatement(statement), error);

const ofTable = ({ name, error }: TrialFaults['tables'][number]): Difference => difference('rows', name, error);

/** The object that a statement of the dump is about, and of a column's default its column. */
const subjectsOf = ({ statement: { entry } }: StatementFault): string[] =>
  entry?.schema ? [displayName(entry.schema, entry.name), `${entry.schema}.${entry.name.replace(' ', '.')}`] : [];

/**
 * Tells what speaks against a backup from what only could not be tried. With every extension there, all of it speaks
 * against it. With one missing, things are absent: what failed because something is, what was not made, and what of an
 * object such a statement would have changed. A key that its rows violate, a policy that became another one and rows that
 * differ are none of that.
 */
export function judge(faults: TrialFaults, found: Difference[], isComplete: boolean): Judgement {
  const lacks = (code: string | undefined): boolean => !isComplete && ABSENT.has(code ?? '');
  const untried = faults.statements.filter(({ sqlState }) => lacks(sqlState));
  const unloaded = faults.tables.filter(({ error }) => lacks(faultCode(error.cause)));
  const unchanged = new Set(untried.flatMap(subjectsOf));
  const follows = (one: Difference): boolean =>
    !isComplete && (one.found === null || (one.kind !== 'rows' && unchanged.has(one.subject)));
  return {
    differences: [
      ...faults.statements.filter((one) => !untried.includes(one)).map(ofStatement),
      ...faults.tables.filter((one) => !unloaded.includes(one)).map(ofTable),
      ...found.filter((one) => !follows(one)),
    ],
    unproven: [
      ...new Set([
        ...untried.map(({ statement }) => describeStatement(statement)),
        ...unloaded.map(({ name }) => name),
        ...found.filter(follows).map(({ kind, subject }) => `${kind} ${subject}`),
      ]),
    ],
  };
}
