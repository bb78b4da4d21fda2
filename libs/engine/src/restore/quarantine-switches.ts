import type { QuarantinedItem } from '@holdfast/contracts';
import type pg from 'pg';
import { displayIdent, displayName, qualified, quoteIdent, quoteLiteral } from '../postgres/identifiers.ts';

/** Something that acts outside of its database, where it is, and the state that it is in. */
export interface Actor extends QuarantinedItem {
  address: Record<string, string>;
  /** Why it cannot be switched off at all; absent: it can. */
  stays?: string;
}

/** How one kind of actor is found and switched. */
interface Switch {
  kind: Actor['kind'];
  /** Those that are on. */
  list: (client: pg.Client) => Promise<Actor[]>;
  off: (actor: Actor) => string;
  on: (actor: Actor) => string;
  /** Whether it is there and off, so that switching it on is still ours to do. */
  isOff: (client: pg.Client, address: Actor['address']) => Promise<boolean>;
}

const part = (address: Actor['address'], name: string): string => {
  const value = address[name];
  if (value === undefined) throw new Error(`a remembered address lacks ${name}`);
  return value;
};

const anyRow = async (client: pg.Client, sql: string, values: string[]): Promise<boolean> =>
  (await client.query(sql, values)).rows.length > 0;

/**
 * Routines that send something over the network, and those that call them: webhooks of Supabase, and whatever calls
 * pg_net's or the http extension's functions. Told by their text, so rather one too many than one too few. One of
 * Supabase's own only hands out rights on such functions.
 */
const CALLERS = String.raw`WITH RECURSIVE routines AS MATERIALIZED (
  SELECT p.oid, n.nspname, p.proname,
    p.prosrc || ' ' || coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), '') AS body
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT (n.nspname = 'extensions' AND p.proname = 'grant_pg_net_access')
), callers AS (
  SELECT oid, proname FROM routines
  WHERE nspname = 'supabase_functions' AND proname = 'http_request'
    OR body ~* '\mhttp_(get|post|put|patch|delete|head)"?\s*\(' OR body ~* '\mhttp_request_queue\M'
  UNION SELECT r.oid, r.proname FROM routines r JOIN callers c ON r.oid <> c.oid
    AND r.body ~* ('\m' || pg_catalog.regexp_replace(c.proname, '(\W)', '\\\1', 'g') || '"?\s*\(')
)`;

const CRON_JOBS = `SELECT j.jobid::text AS job, pg_catalog.to_jsonb(j) ->> 'jobname' AS name
  FROM cron.job j WHERE j.active ORDER BY j.jobid`;

async function hasCron(client: pg.Client): Promise<boolean> {
  return anyRow(
    client,
    `SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass('cron.job')
       AND attname IN ('jobid', 'active') HAVING count(*) = 2`,
    [],
  );
}

const setJob = ({ address }: Actor, active: boolean): string => {
  const job = quoteLiteral(part(address, 'job'));
  // pg_cron lets other roles than the superuser only through its function; without it this is a table like any other
  return `DO ${quoteLiteral(`BEGIN
    IF pg_catalog.to_regprocedure('cron.alter_job(bigint,text,text,text,text,boolean)') IS NULL
    THEN UPDATE cron.job SET active = ${active} WHERE jobid = ${job};
    ELSE PERFORM cron.alter_job(job_id => ${job}, active => ${active}); END IF; END`)}`;
};

const cronJobs: Switch = {
  kind: 'cron job',
  async list(client) {
    if (!(await hasCron(client))) return [];
    const { rows } = await client.query<{ job: string; name: string | null }>(CRON_JOBS);
    return rows.map(({ job, name }) => ({
      ...{ kind: 'cron job', name: name === null ? job : `${job} ${name}`, state: 'active' },
      address: { schema: 'cron', table: 'job', job },
    }));
  },
  off: (job) => setJob(job, false),
  on: (job) => setJob(job, true),
  isOff: async (client, address) =>
    (await hasCron(client)) &&
    anyRow(client, 'SELECT FROM cron.job WHERE jobid = $1 AND NOT active', [part(address, 'job')]),
};

const STATES: Record<string, string> = { O: 'ENABLE', A: 'ENABLE ALWAYS', R: 'ENABLE REPLICA' };
const stateWord = (state: string): string => STATES[state] ?? 'ENABLE';

const alterTrigger = ({ address }: Actor, word: string): string =>
  `ALTER TABLE ONLY ${qualified(part(address, 'schema'), part(address, 'table'))} ${word} TRIGGER ${quoteIdent(part(address, 'name'))}`;

const triggers: Switch = {
  kind: 'trigger',
  async list(client) {
    const { rows } = await client.query<{ schema: string; table: string; name: string; state: string; view: boolean }>(
      `${CALLERS} SELECT n.nspname AS schema, c.relname AS table, t.tgname AS name, t.tgenabled::text AS state,
         c.relkind = 'v' AS view
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgfoid IN (SELECT oid FROM callers) ORDER BY 1, 2, 3`,
    );
    return rows.map(({ schema, table, name, state, view }) => ({
      ...{ kind: 'trigger', name: `${displayIdent(name)} on ${displayName(schema, table)}`, state: stateWord(state) },
      address: { schema, table, name },
      ...(view ? { stays: 'Postgres cannot disable a trigger of a view.' } : {}),
    }));
  },
  off: (trigger) => alterTrigger(trigger, 'DISABLE'),
  on: (trigger) => alterTrigger(trigger, trigger.state),
  isOff: (client, address) =>
    anyRow(
      client,
      `SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = $3 AND t.tgenabled = 'D'`,
      [part(address, 'schema'), part(address, 'table'), part(address, 'name')],
    ),
};

const eventTriggers: Switch = {
  kind: 'event trigger',
  async list(client) {
    const { rows } = await client.query<{ name: string; state: string }>(
      `${CALLERS} SELECT evtname AS name, evtenabled::text AS state FROM pg_catalog.pg_event_trigger
       WHERE evtenabled <> 'D' AND evtfoid IN (SELECT oid FROM callers) ORDER BY 1`,
    );
    return rows.map(({ name, state }) => ({
      ...{ kind: 'event trigger', name: displayIdent(name), state: stateWord(state), address: { name } },
    }));
  },
  off: ({ address }) => `ALTER EVENT TRIGGER ${quoteIdent(part(address, 'name'))} DISABLE`,
  on: ({ address, state }) => `ALTER EVENT TRIGGER ${quoteIdent(part(address, 'name'))} ${state}`,
  isOff: (client, address) =>
    anyRow(client, `SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = $1 AND evtenabled = 'D'`, [
      part(address, 'name'),
    ]),
};

/** A wrapper without its handler keeps servers, tables and passwords as they are, and no query gets through it. */
const wrappers: Switch = {
  kind: 'foreign-data wrapper',
  async list(client) {
    const { rows } = await client.query<{ name: string; state: string }>(
      `SELECT w.fdwname AS name, 'HANDLER ' || pg_catalog.format('%I.%I', n.nspname, p.proname) AS state
       FROM pg_catalog.pg_foreign_data_wrapper w JOIN pg_catalog.pg_proc p ON p.oid = w.fdwhandler
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       WHERE EXISTS (SELECT FROM pg_catalog.pg_foreign_server s WHERE s.srvfdw = w.oid) ORDER BY 1`,
    );
    return rows.map(({ name, state }) => ({
      ...{ kind: 'foreign-data wrapper', name: displayIdent(name), state, address: { name } },
    }));
  },
  off: ({ address }) => `ALTER FOREIGN DATA WRAPPER ${quoteIdent(part(address, 'name'))} NO HANDLER`,
  on: ({ address, state }) => `ALTER FOREIGN DATA WRAPPER ${quoteIdent(part(address, 'name'))} ${state}`,
  isOff: (client, address) =>
    anyRow(client, 'SELECT FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwname = $1 AND fdwhandler = 0', [
      part(address, 'name'),
    ]),
};

/** In the order of switching off: event triggers first, so that none of them sees what is done to the others. */
export const SWITCHES: readonly Switch[] = [eventTriggers, cronJobs, triggers, wrappers];
