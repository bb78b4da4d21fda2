import pg from 'pg';
import type { Caller } from './tokens.ts';

/** Runs statements of one transaction; what it returns is kept, what it throws undoes them. */
export type Work<T> = (client: pg.PoolClient) => Promise<T>;

/** Runs work under the caller's role and claims, so that row-level security decides as it does in a real project. */
export const asCaller = <T>(pool: pg.Pool, caller: Caller, work: Work<T>): Promise<T> =>
  transaction(pool, `set local role ${pg.escapeIdentifier(caller.role)}; ${claimsOf(caller)}`, 'commit', work);

/** As `asCaller`, but nothing of it stays: asks what the caller could do. */
export const couldCaller = <T>(pool: pg.Pool, caller: Caller, work: Work<T>): Promise<T> =>
  transaction(pool, `set local role ${pg.escapeIdentifier(caller.role)}; ${claimsOf(caller)}`, 'rollback', work);

/** Runs work as the server itself, whom no policy binds. */
export const asServer = <T>(pool: pg.Pool, work: Work<T>): Promise<T> => transaction(pool, '', 'commit', work);

async function transaction<T>(pool: pg.Pool, start: string, end: string, work: Work<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(`begin; set local storage.allow_delete_query = 'true'; ${start}`);
    const result = await work(client);
    await client.query(end);
    return result;
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => (broken = cause));
    throw error;
  } finally {
    client.release(broken);
  }
}

function claimsOf(caller: Caller): string {
  const set = (name: string, value: string) => `select set_config('${name}', ${pg.escapeLiteral(value)}, true)`;
  return [
    set('request.jwt.claims', JSON.stringify(caller.claims)),
    set('request.jwt.claim.role', caller.role),
    set('request.jwt.claim.sub', caller.subject ?? ''),
  ].join('; ');
}
