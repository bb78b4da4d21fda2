import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { connect, disconnect, faultCode, isConnectionLost, translateQuery } from '../postgres/connection.ts';
import type { Statement } from '../postgres/statements.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { sideBySide } from '../side-by-side.ts';

/** What a session that restores sets: text read as it was written, and no waiting for other sessions for ever. */
export const RESTORE_SETTINGS: Record<string, string> = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  xmloption: 'content',
  lc_monetary: 'C',
  search_path: '',
  row_security: 'off',
  check_function_bodies: 'off',
  synchronous_commit: 'off',
  maintenance_work_mem: '262144',
  statement_timeout: '0',
  lock_timeout: '60000',
  idle_in_transaction_session_timeout: '0',
  client_min_messages: 'warning',
  standard_conforming_strings: 'on',
  // sessions wait for each other's tables
  idle_session_timeout: '0',
};

/** A statement that failed, and why. */
export interface StatementFault {
  statement: Statement;
  error: OperationError;
  sqlState: string | undefined;
}

const SHOWN = 300;
const BATCH = 200;

/** `TABLE public.orders`, as people say it. */
export const describeStatement = ({ entry, line }: Statement): string =>
  entry
    ? `${entry.type} ${entry.schema === null ? '' : `${entry.schema}.`}${entry.name} (line ${line})`
    : `line ${line}`;

export function faultOf(statement: Statement, error: unknown): StatementFault {
  const where = error as { position?: string; message?: string };
  if (isConnectionLost(error)) throw translateQuery(error, describeStatement(statement));
  const position = where.position ? `, position ${where.position}` : '';
  const message = `${describeStatement(statement)}: ${where.message} (SQLSTATE ${faultCode(error)}${position})`;
  const hint = `The statement begins: ${statement.text.slice(0, SHOWN)}`;
  return {
    statement,
    sqlState: faultCode(error),
    error: new OperationError('postgres.statement_failed', message, { hint, cause: error }),
  };
}

/** A setting of the dump's top that this server does not know (`transaction_timeout` before 17) is no loss. */
const isUnknownSetting = (statement: Statement, error: unknown): boolean =>
  faultCode(error) === '42704' && /^SET [a-z_]+ = /.test(statement.text);

export interface FaultOptions {
  signal: AbortSignal;
  /** Told of each failed statement; throws to stop, returns to go on. */
  onFault: (fault: StatementFault) => void;
}

export interface StatementRunnerOptions extends FaultOptions {
  target: PostgresTarget;
  clientEncoding: string;
  onDone: () => void;
}

/** Opens a session for restoring. */
export const openSession = (options: Pick<StatementRunnerOptions, 'target' | 'signal' | 'clientEncoding'>) =>
  connect(options.target, {
    signal: options.signal,
    settings: { ...RESTORE_SETTINGS, client_encoding: options.clientEncoding },
  });

/** Runs statements one after another on a session of their own; see `runOn`. */
export async function runInOrder(statements: Statement[], options: StatementRunnerOptions): Promise<void> {
  if (statements.length === 0) return;
  const client = await openSession({ ...options, clientEncoding: 'UTF8' });
  try {
    await runOn(client, statements, options);
  } finally {
    await disconnect(client);
  }
}

/** Runs statements one after another, in transactions of a few hundred; on a fault, that batch again one by one. */
export async function runOn(
  client: pg.Client,
  statements: Statement[],
  options: Omit<StatementRunnerOptions, 'target' | 'clientEncoding'>,
): Promise<void> {
  // settings say how what follows is read, so they are in force before any of it is sent
  const settings = statements.findIndex(({ entry }) => entry !== null);
  const first = settings < 0 ? statements.length : settings;
  for (const statement of statements.slice(0, first)) await runOne(client, statement, options);
  for (let index = 0; index < first; index++) options.onDone();
  for (let at = first; at < statements.length; at += BATCH) {
    options.signal.throwIfAborted();
    const batch = statements.slice(at, at + BATCH);
    if (!(await runTogether(client, batch))) for (const statement of batch) await runOne(client, statement, options);
    for (const _ of batch) options.onDone();
  }
}

/** One transaction for many statements saves a flush of the log for each; false: rolled back. */
async function runTogether(client: pg.Client, batch: Statement[]): Promise<boolean> {
  try {
    await client.query(['BEGIN', ...batch.map(({ text }) => text), 'COMMIT'].join('\n;'));
    return true;
  } catch (error) {
    if (isConnectionLost(error)) throw translateQuery(error, 'restoring the schema');
    await client.query('ROLLBACK');
    return false;
  }
}

export async function runOne(client: pg.Client, statement: Statement, options: FaultOptions): Promise<void> {
  try {
    await client.query(statement.text);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isUnknownSetting(statement, error)) options.onFault(faultOf(statement, error));
  }
}

/** Kinds of statements that may run beside others of their group; everything else is a barrier. */
const GROUPS: Record<string, string> = {
  INDEX: 'index',
  CONSTRAINT: 'index',
  'INDEX ATTACH': 'attach',
  'FK CONSTRAINT': 'foreign-key',
};

/**
 * Runs the statements of one object; one that waits for others which wait for it ends this, and is answered with those
 * after it, to be tried again when nothing else runs.
 */
export async function runLane(client: pg.Client, lane: Statement[], options: FaultOptions): Promise<Statement[]> {
  for (const [index, statement] of lane.entries()) {
    const outcome = await client.query(statement.text).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (!outcome) continue;
    options.signal.throwIfAborted();
    if (faultCode(outcome.error) === '40P01') return lane.slice(index);
    options.onFault(faultOf(statement, outcome.error));
  }
  return [];
}

/** Splits into runs: statements of one group that may run side by side, or one statement alone. */
function runsOf(statements: Statement[]): Statement[][] {
  const runs: Statement[][] = [];
  let group: string | undefined;
  for (const statement of statements) {
    const own = statement.text.startsWith('SET ') ? undefined : GROUPS[statement.entry?.type ?? ''];
    const last = runs.at(-1);
    if (own !== undefined && own === group && last) last.push(statement);
    else runs.push([statement]);
    group = own;
  }
  return runs;
}

/** Statements of one object stay together: an index and what is altered about it. */
export function lanesOf(run: Statement[]): Statement[][] {
  const lanes: Statement[][] = [];
  for (const statement of run) {
    const last = lanes.at(-1);
    if (last && last[0]?.entry === statement.entry) last.push(statement);
    else lanes.push([statement]);
  }
  return lanes;
}

/**
 * Runs post-data: indexes and keys side by side on `parallel` sessions, then what depends on them. Two that wait for
 * each other's tables are tried again one by one.
 */
export async function runSideBySide(
  statements: Statement[],
  parallel: number,
  options: StatementRunnerOptions,
): Promise<void> {
  const prelude = statements.filter(({ entry }) => entry === null);
  // settings alone are for sessions that do something
  if (prelude.length === statements.length) return;
  const clients = await Promise.all(
    Array.from({ length: Math.max(1, parallel) }, () => openSession({ ...options, clientEncoding: 'UTF8' })),
  );
  const [first] = clients;
  if (!first) return;
  try {
    for (const client of clients) for (const statement of prelude) await runOne(client, statement, options);
    for (const run of runsOf(statements.filter(({ entry }) => entry !== null))) {
      const lanes = lanesOf(run);
      const again = lanes.length === 1 ? lanes : await runLanes(lanes, clients, options);
      for (const statement of again.flat()) await runOne(first, statement, options);
      for (const _ of run) options.onDone();
    }
  } finally {
    await Promise.all(clients.map((client) => disconnect(client)));
  }
}

async function runLanes(
  lanes: Statement[][],
  clients: pg.Client[],
  options: StatementRunnerOptions,
): Promise<Statement[][]> {
  const queue = [...lanes];
  const again: Statement[][] = [];
  const work = async (client: pg.Client): Promise<void> => {
    for (let lane = queue.shift(); lane; lane = queue.shift()) {
      options.signal.throwIfAborted();
      again.push(await runLane(client, lane, options));
    }
  };
  await sideBySide(
    clients.length,
    (place) => {
      const client = clients[place];
      return client ? work(client) : Promise.resolve();
    },
    () => void (queue.length = 0),
  );
  return again;
}
