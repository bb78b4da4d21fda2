import type { PreflightFinding } from '@holdfast/contracts';
import type pg from 'pg';
import type { Manifest } from '../manifest/manifest.ts';
import { connect, disconnect, translateQuery } from '../postgres/connection.ts';
import { databaseExists, listObjects, maintenance } from '../postgres/databases.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { missingRoles } from './roles.ts';

const SHOWN = 200;

export interface PreflightInput {
  manifest: Manifest;
  target: PostgresTarget;
  newDatabase: string | null;
  overwrite: boolean;
  /** True where only rows or chosen parts go into the database that is there. */
  within: boolean;
  signal: AbortSignal;
}

export interface Preflight {
  serverVersion: string;
  serverMajor: number;
  findings: PreflightFinding[];
  overwritten: string[];
  overwrittenCount: number;
}

const blocker = (code: PreflightFinding['code'], message: string, hint?: string): PreflightFinding => ({
  ...{ severity: 'blocker', code, message },
  ...(hint === undefined ? {} : { hint }),
});
const warning = (code: string, message: string): PreflightFinding => ({ severity: 'warning', code, message });
const note = (code: string, message: string): PreflightFinding => ({ severity: 'note', code, message });

interface ServerRow {
  version: string;
  number: string;
  superuser: boolean;
  create_database: boolean;
  create_role: boolean;
  identifier: string | null;
}

async function readServer(client: pg.Client): Promise<ServerRow> {
  const { rows } = await client.query<ServerRow>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
       r.rolsuper AS superuser, r.rolsuper OR r.rolcreatedb AS create_database,
       r.rolsuper OR r.rolcreaterole AS create_role, NULL::text AS identifier
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  );
  const row = rows[0];
  if (!row) throw new Error('the current role is not listed');
  return row;
}

async function extensionFindings(client: pg.Client, manifest: Manifest): Promise<PreflightFinding[]> {
  const { rows } = await client.query<{ name: string; versions: string[] }>(
    `SELECT name, pg_catalog.array_agg(version) AS versions FROM pg_catalog.pg_available_extension_versions GROUP BY name`,
  );
  const offered = new Map(rows.map(({ name, versions }) => [name, versions]));
  return manifest.source.extensions.flatMap(({ name, version }) => {
    const versions = offered.get(name);
    if (!versions) {
      return [blocker('extension.missing', `The target's server does not offer ${name}`, 'Install it there first.')];
    }
    if (versions.includes(version)) return [];
    return [warning('extension.version', `${name} ${version} becomes the version that the target's server installs`)];
  });
}

async function roleFindings(client: pg.Client, manifest: Manifest, server: ServerRow): Promise<PreflightFinding[]> {
  const missing = (await missingRoles(client, manifest.source.roles)).map(({ name }) => name);
  if (missing.length === 0) return [];
  const names = missing.slice(0, 20).join(', ');
  if (server.create_role) return [note('roles.created', `Roles that will be made, without a password: ${names}`)];
  return [blocker('roles.missing', `These roles are missing and the user may not make them: ${names}`)];
}

function versionFindings(manifest: Manifest, major: number): PreflightFinding[] {
  const { serverMajor } = manifest.source;
  if (major >= serverMajor) return [];
  return [
    warning('server.older', `The backup is of Postgres ${serverMajor}, the target is ${major}: newer syntax will fail`),
  ];
}

/** What stands in the way of a restore into a database of its own, which then takes the target's name. */
async function placeFindings(input: PreflightInput, server: ServerRow): Promise<PreflightFinding[]> {
  const findings: PreflightFinding[] = [];
  if (!input.within && !server.create_database) {
    const hint =
      'Use a role with CREATEDB: a restore is built beside the target and takes its place when it is proven.';
    findings.push(blocker('postgres.permission_denied', 'The role may not create databases', hint));
  }
  const { newDatabase } = input;
  if (newDatabase === null) return findings;
  const taken = await maintenance(input.target, input.signal, (client) => databaseExists(client, newDatabase));
  if (taken) {
    const hint = 'Choose another name, or drop that database first.';
    findings.push(blocker('restore.target_exists', `Database ${newDatabase} exists already`, hint));
  }
  return findings;
}

/** Looks at the target without changing anything. */
export async function preflight(input: PreflightInput): Promise<Preflight> {
  const database = input.newDatabase === null ? input.target.database : 'postgres';
  const client = await connect({ ...input.target, database }, { signal: input.signal });
  try {
    const server = await readServer(client);
    const serverMajor = Math.floor(Number(server.number) / 10_000);
    const { names, count } =
      input.newDatabase === null ? await listObjects(client, SHOWN) : { names: [] as string[], count: 0 };
    const findings = [
      ...versionFindings(input.manifest, serverMajor),
      ...(await extensionFindings(client, input.manifest)),
      ...(await roleFindings(client, input.manifest, server)),
      ...(await placeFindings(input, server)),
    ];
    if (count > 0 && !input.overwrite && !input.within) {
      const hint = 'Set overwrite, or restore into a new database.';
      findings.push(blocker('restore.target_not_empty', `The target holds ${count} objects`, hint));
    } else if (count > 0 && !input.within) {
      findings.push(note('target.kept', `The database that is there now is kept under another name`));
    }
    return { serverVersion: server.version, serverMajor, findings, overwritten: names, overwrittenCount: count };
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, 'looking at the target');
  } finally {
    await disconnect(client);
  }
}
