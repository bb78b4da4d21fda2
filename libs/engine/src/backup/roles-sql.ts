import type { RoleDescription } from '../manifest/manifest.ts';
import { quoteIdent, quoteLiteral } from '../postgres/identifiers.ts';

/** Settings whose stored value is a list of quoted names already. */
const NAME_LISTS = new Set([
  ...['local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries'],
  ...['temp_tablespaces', 'unix_socket_directories'],
]);

/** `SET name TO value` from an entry of a `setconfig` array. */
export function setClause(entry: string): string {
  const at = entry.indexOf('=');
  const name = entry.slice(0, at);
  const value = entry.slice(at + 1);
  const asIs = NAME_LISTS.has(name.toLowerCase()) && value !== '' && value !== '""';
  return `SET ${quoteIdent(name)} TO ${asIs ? value : quoteLiteral(value === '""' ? '' : value)}`;
}

function attributes(role: RoleDescription): string {
  const flag = (on: boolean, word: string): string => (on ? word : `NO${word}`);
  return [
    flag(role.superuser, 'SUPERUSER'),
    flag(role.inherit, 'INHERIT'),
    flag(role.createRole, 'CREATEROLE'),
    flag(role.createDatabase, 'CREATEDB'),
    flag(role.login, 'LOGIN'),
    flag(role.replication, 'REPLICATION'),
    flag(role.bypassRls, 'BYPASSRLS'),
    `CONNECTION LIMIT ${role.connectionLimit}`,
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${quoteLiteral(role.validUntil)}`]),
  ].join(' ');
}

/** Makes a role as it was, without a password; and with nothing that only a superuser may give, where `modest`. */
export const createRoleSql = (role: RoleDescription, modest = false): string =>
  `CREATE ROLE ${quoteIdent(role.name)} WITH ${
    modest ? `${role.inherit ? '' : 'NO'}INHERIT ${role.login ? '' : 'NO'}LOGIN` : attributes(role)
  }`;

export const roleSettingsSql = (role: RoleDescription): string[] =>
  role.settings.map((entry) => `ALTER ROLE ${quoteIdent(role.name)} ${setClause(entry)}`);

/** Memberships; INHERIT and SET options only where both servers have them (Postgres 16 and newer). */
export const membershipSql = (role: RoleDescription, withOptions: boolean): string[] =>
  role.memberOf.map(({ role: group, admin, inherit, set }) => {
    const options = [
      ...(admin ? ['ADMIN TRUE'] : []),
      ...(withOptions && inherit !== null ? [`INHERIT ${inherit ? 'TRUE' : 'FALSE'}`] : []),
      ...(withOptions && set !== null ? [`SET ${set ? 'TRUE' : 'FALSE'}`] : []),
    ];
    const old = admin && !withOptions ? ' WITH ADMIN OPTION' : '';
    const suffix = withOptions && options.length > 0 ? ` WITH ${options.join(', ')}` : old;
    return `GRANT ${quoteIdent(group)} TO ${quoteIdent(role.name)}${suffix}`;
  });

/** A dollar quote that the text does not hold. */
function dollarQuote(text: string): string {
  let tag = '$hf$';
  for (let n = 0; text.includes(tag); n++) tag = `$hf${n}$`;
  return `${tag}\n${text}\n${tag}`;
}

export const doBlock = (body: string): string => `DO ${dollarQuote(`BEGIN\n${body}\nEND`)};\n`;

/** The artifact `roles`: makes the roles that are missing and leaves those that are there as they are. */
export function rolesSql(roles: RoleDescription[], major: number): string {
  const create = roles.map((role) => {
    const statements = [createRoleSql(role), ...roleSettingsSql(role)].map((sql) => `  ${sql};`).join('\n');
    const missing = `IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(role.name)}) THEN`;
    return doBlock(`${missing}\n${statements}\nEND IF;`);
  });
  const grants = roles.flatMap((role) => membershipSql(role, major >= 16)).map((sql) => `${sql};\n`);
  return `-- Roles that this database uses, without passwords.\n\n${[...create, ...grants].join('\n')}`;
}
