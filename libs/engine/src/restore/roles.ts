import type { CoverageGap } from '@holdfast/contracts';
import type pg from 'pg';
import { createRoleSql, membershipSql, roleSettingsSql } from '../backup/roles-sql.ts';
import type { RoleDescription } from '../manifest/manifest.ts';
import { faultCode } from '../postgres/connection.ts';
import { gap } from '../postgres/inspect.ts';

/** Those of the roles that the server lacks. */
export async function missingRoles(client: pg.Client, roles: RoleDescription[]): Promise<RoleDescription[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[])',
    [roles.map(({ name }) => name)],
  );
  const there = new Set(rows.map(({ name }) => name));
  return roles.filter(({ name }) => !there.has(name));
}

/**
 * Makes the roles that are missing; those that are there stay as they are. Answers what the connected role was not
 * allowed to give them.
 */
export async function ensureRoles(client: pg.Client, roles: RoleDescription[]): Promise<CoverageGap[]> {
  const withOptions = Number((await client.query('SHOW server_version_num')).rows[0]?.server_version_num) >= 160_000;
  const missing = await missingRoles(client, roles);
  const modest: string[] = [];
  for (const role of missing) {
    const made = await attempt(client, createRoleSql(role), ['42501'], ['42710']);
    if (!made) {
      modest.push(role.name);
      await attempt(client, createRoleSql(role, true), [], ['42710']);
    }
    for (const sql of roleSettingsSql(role)) await attempt(client, sql, ['42501', '42704', '22023']);
  }
  const refused: string[] = [];
  for (const role of missing) {
    for (const sql of membershipSql(role, withOptions)) {
      if (!(await attempt(client, sql, ['42501', '42704', '0LP01']))) refused.push(role.name);
    }
  }
  return [
    ...(modest.length > 0
      ? [gap('role-attributes', modest, 'The restoring role may not give these roles all that they had.')]
      : []),
    ...(refused.length > 0
      ? [gap('role-memberships', refused, 'The restoring role may not make these roles members of all their groups.')]
      : []),
  ];
}

/** Runs a statement; false when it failed with one of `tolerated`. One of `fine` counts as done. */
async function attempt(client: pg.Client, sql: string, tolerated: string[], fine: string[] = []): Promise<boolean> {
  try {
    await client.query(sql);
    return true;
  } catch (error) {
    const code = faultCode(error) ?? '';
    if (fine.includes(code)) return true;
    if (tolerated.includes(code)) return false;
    throw error;
  }
}
