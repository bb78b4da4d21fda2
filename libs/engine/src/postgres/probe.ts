import type { EnvironmentKind, ProbeReport } from '@holdfast/contracts';
import type pg from 'pg';
import type { TLSSocket } from 'node:tls';
import type { Run } from '../run.ts';
import { findClient } from './binaries.ts';
import { connect, disconnect, socketOf, translateQuery } from './connection.ts';
import type { PostgresTarget } from './target.ts';
import {
  excludedSchemas,
  readBlockers,
  readExtensions,
  readFacts,
  readGaps,
  readRoles,
  rolePasswordGap,
} from './inspect.ts';
import { READ_SETTINGS } from './snapshot.ts';
import { listSourceTables } from './tables.ts';

/** Connects as a backup would, and says what it would find, leave out, and stumble over. */
export async function probeEnvironment(
  input: { target: PostgresTarget; kind: EnvironmentKind; toolsDir: string },
  run: Run,
): Promise<ProbeReport> {
  const client = await connect(input.target, { signal: run.signal, settings: READ_SETTINGS });
  try {
    return await report(client, input);
  } catch (error) {
    run.signal.throwIfAborted();
    throw translateQuery(error, 'reading the catalog');
  } finally {
    await disconnect(client);
  }
}

async function report(client: pg.Client, input: { kind: EnvironmentKind; toolsDir: string }): Promise<ProbeReport> {
  const began = performance.now();
  await client.query('SELECT 1');
  const latencyMs = Math.round((performance.now() - began) * 10) / 10;
  const facts = await readFacts(client);
  const excluded = excludedSchemas(input.kind);
  const roles = await readRoles(client, facts.serverMajor);
  const found = await findClient(input.toolsDir, facts.serverMajor);
  const blockers: ProbeReport['blockers'] = await readBlockers(client, excluded);
  if (!found) {
    const message = `No pg_dump for Postgres ${facts.serverMajor} or newer was found`;
    blockers.push({ code: 'postgres.client_missing', message });
  }
  return {
    serverVersion: facts.serverVersion,
    serverMajor: facts.serverMajor,
    database: facts.database,
    systemIdentifier: facts.systemIdentifier,
    sizeBytes: facts.sizeBytes,
    tables: (await listSourceTables(client, excluded)).length,
    latencyMs,
    tls: tlsOf(client),
    role: await readOwnRole(client),
    extensions: (await readExtensions(client)).map(({ name, version }) => ({ name, version })),
    roles: roles.map(({ name }) => name),
    dumpClient: found ? `pg_dump ${found.major}` : null,
    skipped: [...(await readGaps(client, input.kind)), ...rolePasswordGap(roles)],
    blockers,
  };
}

function tlsOf(client: pg.Client): ProbeReport['tls'] {
  const socket = socketOf(client);
  if (!('encrypted' in socket)) return { used: false, version: null };
  return { used: true, version: (socket as TLSSocket).getProtocol() };
}

async function readOwnRole(client: pg.Client): Promise<ProbeReport['role']> {
  const { rows } = await client.query<ProbeReport['role']>(
    `SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS "bypassRls", rolreplication AS replication,
       rolcreatedb AS "createDatabase" FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  );
  return rows[0] ?? { name: '', superuser: false, bypassRls: false, replication: false, createDatabase: false };
}
