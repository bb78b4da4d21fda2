import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { faultCode, translateQuery } from '../postgres/connection.ts';
import { quoteIdent } from '../postgres/identifiers.ts';

const NAME = /^holdfast_trial_([\da-z]+)_[\da-f]{12}$/;
/** A trial opens its sessions within seconds: one that is older and that nobody is connected to was left behind. */
const LEFT_MS = 3_600_000;

/** A name for a trial's database, which tells when it was begun. */
export const trialName = (beganMs = Date.now()): string =>
  `holdfast_trial_${beganMs.toString(36)}_${randomBytes(6).toString('hex')}`;

/** Drops what trials left on a server that outlives them: their worker was killed. Those that somebody uses stay. */
export async function dropLeftTrials(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_catalog.pg_database d WHERE datname LIKE 'holdfast\\_trial\\_%'
       AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)`,
  );
  for (const { name } of rows) {
    const began = Number.parseInt(NAME.exec(name)?.[1] ?? '', 36);
    if (!(began < Date.now() - LEFT_MS)) continue;
    try {
      await client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)}`);
    } catch (error) {
      // 55006: somebody has connected meanwhile
      if (faultCode(error) !== '55006') throw translateQuery(error, `Dropping ${name}`);
    }
  }
}
