import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { connect } from '@holdfast/testing';
import type { DataDir } from './data-dir.ts';

const OWNER_PASSWORD = 'owner-password';

/** The first account; `password` is known until `forgetPassword`, or where the environment gives it. */
export interface Owner {
  email: string;
  password: string | null;
}

/** The built `create-owner` and its environment. */
export interface OwnerProgram {
  main: string;
  env: NodeJS.ProcessEnv;
}

/** What the first start registered; null: not (yet). */
export interface Registered {
  repositoryId: string | null;
  demoEnvironmentId: string | null;
}

/**
 * Makes the first owner where there is none, with HOLDFAST_OWNER_PASSWORD or a password of our own, which is kept in
 * a file until somebody has seen it: a start that is killed half-way must not lock everybody out.
 */
export async function createOwner(dir: DataDir, database: PostgresTarget, program: OwnerProgram): Promise<Owner> {
  const given = process.env['HOLDFAST_OWNER_PASSWORD'] || null;
  const present = await firstOwner(database);
  if (present) return { email: present, password: given ?? (await rememberedPassword(dir)) };
  const password = given ?? (await dir.secret(OWNER_PASSWORD));
  const { email } = await runCreateOwner(program, [], { HOLDFAST_OWNER_PASSWORD: password });
  return { email: String(email), password };
}

/** A short-lived bearer token of the first owner, for a start that does not know a password. */
export async function sessionToken(program: OwnerProgram): Promise<string> {
  const { token } = await runCreateOwner(program, ['--session'], {});
  return String(token);
}

async function runCreateOwner(
  program: OwnerProgram,
  args: string[],
  more: Record<string, string>,
): Promise<Record<string, unknown>> {
  const env = { ...program.env, ...more };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program.main, ...args], { env, timeout: 60_000 });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new OperationError('internal.error', `${program.main}: ${words}`, { cause });
  }
}

/** Removes our copy of the owner's password, once it was shown. */
export const forgetPassword = (dir: DataDir): Promise<void> => rm(dir.at('secrets', OWNER_PASSWORD), { force: true });

/**
 * Registers the default repository and the demo environment through the REST interface, once: what people remove or
 * change later stays as they left it.
 */
export async function register(
  dir: DataDir,
  apiUrl: string,
  o: { repository: string; demo: PostgresTarget | null; token: () => Promise<string> },
): Promise<Registered> {
  const done: Registered = {
    repositoryId: await dir.recall('repository-id'),
    demoEnvironmentId: await dir.recall('demo-environment-id'),
  };
  if (done.repositoryId !== null && (done.demoEnvironmentId !== null || !o.demo)) return done;
  const api: Api = { url: apiUrl, token: await o.token() };
  if (done.repositoryId === null) {
    done.repositoryId = await ensure(api, 'repositories', { name: 'default', driver: 'local', path: o.repository });
    await dir.remember('repository-id', done.repositoryId);
  }
  if (o.demo && done.demoEnvironmentId === null) {
    done.demoEnvironmentId = await ensure(api, 'environments', demoEnvironment(o.demo));
    await dir.remember('demo-environment-id', done.demoEnvironmentId);
  }
  return done;
}

/** Tells Holdfast where the demo database is now, unless the environment was removed or points elsewhere. */
export async function moveDemo(apiUrl: string, token: string, id: string, target: PostgresTarget): Promise<void> {
  const api: Api = { url: apiUrl, token };
  const path = `environments/${id}`;
  const found = await send(api, 'GET', path).catch((error: unknown) => {
    if (error instanceof RefusedRequest && error.status === 404) return null;
    throw error;
  });
  const { host, port, database, user, password } = target;
  if (!found || found.answer['host'] !== host || found.answer['database'] !== database) return;
  if (found.answer['port'] === port) return;
  await send(api, 'PATCH', path, { host, port, user, password }, { 'if-match': found.etag ?? '' });
}

/** Signs in over REST; answers a bearer token. */
export async function signIn(apiUrl: string, email: string, password: string): Promise<string> {
  const api: Api = { url: apiUrl, token: null };
  const { answer } = await send(api, 'POST', 'auth/sign-in', { email, password, kind: 'token' });
  return String(answer['token']);
}

interface Api {
  url: string;
  token: string | null;
}

const demoEnvironment = ({ host, port, database, user, password }: PostgresTarget) => ({
  ...{ name: 'demo', kind: 'postgres' },
  ...{ host, port, database, user, password, tlsMode: 'disable' },
});

// A start that was killed right after the answer finds the name taken: by its own work.
async function ensure(api: Api, path: string, body: { name: string; [field: string]: unknown }): Promise<string> {
  try {
    return String((await send(api, 'POST', path, body)).answer['id']);
  } catch (error) {
    if (!(error instanceof RefusedRequest) || error.status !== 409) throw error;
    const { answer } = await send(api, 'GET', `${path}?limit=100`);
    const found = (answer['items'] as { id: string; name: string }[]).find((item) => item.name === body.name);
    if (!found) throw error;
    return found.id;
  }
}

class RefusedRequest extends OperationError {
  readonly status: number;

  constructor(what: string, status: number, text: string) {
    super('internal.error', `${what} answered ${status}: ${text.slice(0, 500)}`);
    this.status = status;
  }
}

async function send(
  api: Api,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ answer: Record<string, unknown>; etag: string | null }> {
  const response = await fetch(`${api.url}/api/v1/${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(api.token && { authorization: `Bearer ${api.token}` }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new RefusedRequest(`${method} ${path}`, response.status, text);
  return { answer: JSON.parse(text) as Record<string, unknown>, etag: response.headers.get('etag') };
}

async function firstOwner(database: PostgresTarget): Promise<string | null> {
  const client = await connect(database);
  try {
    const { rows } = await client.query<{ email: string }>(
      "SELECT email FROM accounts WHERE role = 'owner' ORDER BY created_at LIMIT 1",
    );
    return rows[0]?.email ?? null;
  } finally {
    await client.end();
  }
}

const rememberedPassword = (dir: DataDir): Promise<string | null> =>
  readFile(dir.at('secrets', OWNER_PASSWORD), 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
