import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import pg from 'pg';
import { answerAuth } from './auth/auth-api.ts';
import { Faults } from './faults.ts';
import { deployedFunctions, directoryFunctions, variablesOf } from './functions/function-sources.ts';
import { startFunctionsApi, type FunctionsApi } from './functions/functions-api.ts';
import { send, type Answer } from './http.ts';
import { startManagementApi, type ManagementApi } from './management/management-api.ts';
import { startRestApi } from './rest-api.ts';
import { Blobs } from './storage/blobs.ts';
import { answerStorage } from './storage/storage-api.ts';
import { ProjectTokens } from './tokens.ts';

const GIB = 1024 ** 3;

export interface ProjectServerOptions {
  /** A database shaped by `createProjectDatabase`, by a superuser. */
  target: PostgresTarget;
  /** Where objects' bytes and what else the server keeps lie; the server makes it. */
  dir: string;
  /** The project's ref: twenty lower-case letters; made up if none is given. */
  ref?: string;
  /** A port on 127.0.0.1; 0 or none means any free one. */
  port?: number;
  /** The secret that tokens are signed with; made up if none is given. */
  jwtSecret?: string;
  /** The largest object, in bytes; 50 GiB if not given. */
  fileSizeLimit?: number;
  /** The project's name for people. */
  name?: string;
  /** `sbp_` and forty hexadecimal digits; made up if none is given. */
  managementToken?: string;
  /** A self-hosted project: its functions are the folders of this directory, and there is no Management API. */
  functionsDirectory?: string;
  /** Whether a function of `functionsDirectory` is called with a token only, which is one switch for all; no. */
  functionsVerifyJwt?: boolean;
}

/** What its owner knows of a project, wherever its server runs. */
export interface ProjectAccess {
  /** What supabase-js takes as the project's URL. */
  url: string;
  ref: string;
  /** Bypasses row-level security: a secret. */
  serviceRoleKey: string;
  /** For the Management API, which answers at the same URL below `/v1/projects`: a secret. */
  managementToken: string;
  tokens: ProjectTokens;
}

/** A running stand-in for a Supabase project's API. */
export interface ProjectServer extends ProjectAccess {
  anonKey: string;
  faults: Faults;
  /** Where the bytes of an object's version lie, for tests that damage or remove them. */
  blobs: Blobs;
  stop(): Promise<void>;
}

/** Serves a project's API and the Management API for it on 127.0.0.1, with state in its database and in `dir`. */
export async function startProjectServer(o: ProjectServerOptions): Promise<ProjectServer> {
  const tokens = new ProjectTokens(o.jwtSecret);
  const ref = o.ref ?? newRef();
  const [anonKey, serviceRoleKey] = [await tokens.apiKey(ref, 'anon'), await tokens.apiKey(ref, 'service_role')];
  const managementToken = o.managementToken ?? `sbp_${randomBytes(20).toString('hex')}`;
  const blobs = new Blobs(join(o.dir, 'objects'));
  const faults = new Faults();
  const { host, port, database, user, password } = o.target;
  const pool = new pg.Pool({ host, port, database, user, password, ssl: false, max: 10 });
  // A connection that idles when its server goes away is replaced at the next request.
  pool.on('error', () => undefined);
  const storage = { pool, blobs, tokens, fileSizeLimit: o.fileSizeLimit ?? 50 * GIB };
  const rest = startRestApi(o.target, tokens);
  const management = await startManagementApi({
    dir: join(o.dir, 'management'),
    ref,
    name: o.name ?? ref,
    token: managementToken,
    postgresMajor: await majorOfServer(pool),
    jwtSecret: tokens.secret,
    ownSecrets: { SUPABASE_ANON_KEY: anonKey, SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey },
  });
  const functions = serveFunctions(o, tokens, management, () => ({
    SUPABASE_URL: url,
    SUPABASE_ANON_KEY: anonKey,
    SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
  }));
  const server = await listen(o.port ?? 0, (request) => {
    const path = request.url ?? '/';
    const refusal = faults.answer(request);
    if (refusal) return Promise.resolve(refusal);
    const below = (prefix: string) => (path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : null);
    const [object, user, project] = [below('/storage/v1'), below('/auth/v1'), below('/v1/projects')];
    if (object) return answerStorage(storage, request, object);
    if (user) return answerAuth({ pool, tokens }, request, user);
    if (below('/rest/v1')) return rest.answer(request);
    const called = below('/functions/v1');
    if (called) return functions.answer(request, called);
    const managed = o.functionsDirectory === undefined;
    if (managed && (project || path === '/v1/projects')) return management.answer(request, project ?? '/');
    return Promise.resolve({ status: 404, json: { message: 'no Route matched with those values' } });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, ref, anonKey, serviceRoleKey, managementToken, tokens, faults, blobs },
    async stop() {
      await close(server);
      await functions.close();
      await rest.close();
      await pool.end();
    },
  };
}

function serveFunctions(
  { dir, functionsDirectory, functionsVerifyJwt = false }: ProjectServerOptions,
  tokens: ProjectTokens,
  management: ManagementApi,
  ownVariables: () => Record<string, string>,
): FunctionsApi {
  const sources =
    functionsDirectory === undefined
      ? deployedFunctions(management.functions, join(dir, 'functions'))
      : directoryFunctions(functionsDirectory, functionsVerifyJwt);
  const secrets = async () =>
    functionsDirectory === undefined ? Object.fromEntries(management.secrets) : variablesOf(functionsDirectory);
  const env = async () => ({ ...(await secrets()), ...ownVariables() });
  return startFunctionsApi({ sources, tokens, env, cacheDir: join(dir, 'deno') });
}

async function majorOfServer(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  );
  return rows[0]!.major;
}

/** A ref as the platform makes them: twenty lower-case letters. */
export const newRef = (): string =>
  Array.from(randomBytes(20), (byte) => String.fromCharCode(97 + (byte % 26))).join('');

async function listen(port: number, answer: (request: IncomingMessage) => Promise<Answer>): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) => ({
        status: 500,
        json: { message: error instanceof Error ? error.message : 'failed' },
      }))
      .then((result) => send(request, response, result))
      // The client went away, or a file broke off: the connection is all that is left to end.
      .catch(() => response.destroy());
  });
  // A large object may take long; the default ends a request after five minutes.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
