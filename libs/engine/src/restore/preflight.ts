import { isErrorCode, OperationError, type PreflightFinding } from '@holdfast/contracts';
import type pg from 'pg';
import type { Manifest, RoleDescription } from '../manifest/manifest.ts';
import { connect, disconnect, translateQuery } from '../postgres/connection.ts';
import { connectAside, databaseExists, listObjects } from '../postgres/databases.ts';
import { readSystemIdentifier } from '../postgres/inspect.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { planRestore, rolesOf, type RestorePlan } from './restore-plan.ts';
import { missingRoles } from './roles.ts';
import type { Selection } from './selection.ts';
import { lookWithin, type WithinLook } from './within-findings.ts';
import { quarantineFindings, strangenessOf, wrongTargetFindings, type TargetGuard } from './wrong-target.ts';

const SHOWN = 200;
/** No policy may hide whether a table holds rows, and no search path what is looked at. */
export const LOOK_SETTINGS = { search_path: '', row_security: 'off' };

export interface PreflightInput {
  manifest: Manifest;
  target: PostgresTarget;
  newDatabase: string | null;
  overwrite: boolean;
  /** Absent: the whole backup. With a selection and no new database, it goes into the database that is there. */
  selection?: Selection | null;
  /** Absent: the caller answers for the target. */
  guard?: TargetGuard | undefined;
  /** As asked of the restore; absent: no. */
  quarantine?: boolean | 'copies' | undefined;
  signal: AbortSignal;
}

export interface Preflight {
  serverVersion: string;
  serverMajor: number;
  findings: PreflightFinding[];
  overwritten: string[];
  overwrittenCount: number;
  /** Relations of the target that were not chosen and that chosen ones refer to. */
  present: Set<string>;
  /** Whether what acts by itself is to be switched off in what is restored. */
  quarantined: boolean;
}

/** Blockers that are an error of their own: what to do follows from the code, and whether to try again. */
const OWN_CODE = /^(?:restore\.(?:wrong_target|selection_unknown)$|(?:management|functions|repository|backup)\.)/;

const blockersOf = ({ findings }: Pick<Preflight, 'findings'>): PreflightFinding[] =>
  findings.filter(({ severity }) => severity === 'blocker');

/** Whether a pre-flight found anything to stand in the way. */
export const isBlocked = (look: Pick<Preflight, 'findings'>): boolean => blockersOf(look).length > 0;

/** Throws what a pre-flight found to stand in the way. */
export function refuseBlockers(look: Pick<Preflight, 'findings'>): void {
  const blockers = blockersOf(look);
  if (!blockers[0]) return;
  const more = blockers.length > 1 ? ` (and ${blockers.length - 1} more reasons)` : '';
  const { hint, code: own } = blockers[0];
  const code = isErrorCode(own) && OWN_CODE.test(own) ? own : 'restore.preflight_failed';
  throw new OperationError(code, `${blockers[0].message}${more}`, hint ? { hint } : {});
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
}

async function readServer(client: pg.Client): Promise<ServerRow> {
  const { rows } = await client.query<ServerRow>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
       r.rolsuper AS superuser, r.rolsuper OR r.rolcreatedb AS create_database,
       r.rolsuper OR r.rolcreaterole AS create_role
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  );
  const row = rows[0];
  if (!row) throw new Error('the current role is not listed');
  return row;
}

/** With a selection, nobody knows yet whether what was chosen needs an extension that cannot be had. */
async function extensionFindings(
  client: pg.Client,
  manifest: Manifest,
  selection: Selection | null,
  within: boolean,
): Promise<PreflightFinding[]> {
  const { rows } = await client.query<{ name: string; versions: string[]; installed: boolean }>(
    `SELECT name, pg_catalog.array_agg(version) AS versions, pg_catalog.bool_or(installed) AS installed
     FROM pg_catalog.pg_available_extension_versions GROUP BY name`,
  );
  const offered = new Map(rows.map((row) => [row.name, row]));
  return manifest.source.extensions.flatMap(({ name, version }) => {
    const there = offered.get(name);
    if (!there && selection) return [warning('extension.missing', `The target's server does not offer ${name}`)];
    if (!there) {
      return [blocker('extension.missing', `The target's server does not offer ${name}`, 'Install it there first.')];
    }
    if (within && there.installed) return [];
    const created = within ? [note('extension.created', `Extension ${name} will be made`)] : [];
    if (there.versions.includes(version)) return created;
    const message = `${name} ${version} becomes the version that the target's server installs`;
    return [...created, warning('extension.version', message)];
  });
}

async function roleFindings(
  client: pg.Client,
  roles: RoleDescription[],
  server: ServerRow,
): Promise<PreflightFinding[]> {
  const missing = (await missingRoles(client, roles)).map(({ name }) => name);
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
async function placeFindings(
  client: pg.Client,
  { newDatabase }: PreflightInput,
  server: ServerRow,
): Promise<PreflightFinding[]> {
  const findings: PreflightFinding[] = [];
  if (!server.create_database) {
    const hint =
      'Use a role with CREATEDB: a restore is built beside the target and takes its place when it is proven.';
    findings.push(blocker('postgres.permission_denied', 'The role may not create databases', hint));
  }
  if (newDatabase === null) return findings;
  if (await databaseExists(client, newDatabase)) {
    const hint = 'Choose another name, or drop that database first.';
    findings.push(blocker('restore.target_exists', `Database ${newDatabase} exists already`, hint));
  }
  return findings;
}

/** What a restore of the whole backup over the database that is there meets. */
async function replaceFindings(client: pg.Client, overwrite: boolean): Promise<WithinLook> {
  const { names, count } = await listObjects(client, SHOWN);
  const look = { ...nothingThere(), overwritten: names, overwrittenCount: count };
  if (count === 0) return look;
  const hint = 'Set overwrite, or restore into a new database.';
  const finding = overwrite
    ? note('target.kept', `The database that is there now is kept under another name`)
    : blocker('restore.target_not_empty', `The target holds ${count} objects`, hint);
  return { ...look, findings: [finding] };
}

const nothingThere = (): WithinLook => ({ findings: [], overwritten: [], overwrittenCount: 0, present: new Set() });

/** What chosen tables cannot be made without. */
function missingFindings(plan: RestorePlan | null): PreflightFinding[] {
  const missing = [...(plan?.missing ?? [])].map(([name, by]) => `${name} (${by})`);
  if (missing.length === 0) return [];
  const more = missing.length > 20 ? ` and ${missing.length - 20} more` : '';
  const message = `What was chosen needs what was not: ${missing.slice(0, 20).join(', ')}${more}`;
  return [blocker('restore.selection_incomplete', message, 'Choose that too.')];
}

/** Whether the target is another database than the one that the backup came from, and what follows from that. */
export async function copyFindings(
  client: pg.Client,
  { manifest, target, newDatabase, guard, quarantine }: Omit<PreflightInput, 'overwrite' | 'signal'>,
  overwritten: number,
): Promise<Pick<Preflight, 'quarantined' | 'findings'>> {
  if (!guard || newDatabase !== null) return quarantineFindings(quarantine, newDatabase !== null);
  const there = { systemIdentifier: await readSystemIdentifier(client), database: target.database };
  const reasons = strangenessOf(guard, manifest.source, there);
  const { quarantined, findings } = quarantineFindings(quarantine, reasons.length > 0);
  return { quarantined, findings: [...(overwritten > 0 ? wrongTargetFindings(guard, reasons) : []), ...findings] };
}

/** Looks at the target without changing anything. */
export async function preflight(input: PreflightInput): Promise<Preflight> {
  const { manifest, newDatabase, overwrite, selection = null } = input;
  const open = newDatabase === null ? connect : connectAside;
  const client = await open(input.target, { signal: input.signal, settings: LOOK_SETTINGS });
  try {
    const server = await readServer(client);
    const serverMajor = Math.floor(Number(server.number) / 10_000);
    const within = selection !== null && newDatabase === null;
    const place = within
      ? await lookWithin(client, selection, overwrite)
      : newDatabase === null
        ? await replaceFindings(client, overwrite)
        : nothingThere();
    const plan = selection && planRestore(selection, place.present);
    const roles = plan ? rolesOf(plan, manifest.source.roles) : manifest.source.roles;
    // rows alone need neither syntax nor extensions nor roles
    const schema =
      selection?.content === 'data'
        ? []
        : [
            ...versionFindings(manifest, serverMajor),
            ...(await extensionFindings(client, manifest, selection, within)),
            ...(await roleFindings(client, roles, server)),
            ...missingFindings(plan),
          ];
    const copy = await copyFindings(client, input, place.overwrittenCount);
    const findings = [
      ...copy.findings,
      ...schema,
      ...(within ? [] : await placeFindings(client, input, server)),
      ...place.findings,
    ];
    return { ...place, serverVersion: server.version, serverMajor, findings, quarantined: copy.quarantined };
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, 'looking at the target');
  } finally {
    await disconnect(client);
  }
}
