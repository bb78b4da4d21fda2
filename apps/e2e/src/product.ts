import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, components } from '@holdfast/api-client';
import { isFinal } from '@holdfast/contracts';
import { connect, makeTempDir } from '@holdfast/testing';
import { answered, OperationsClient } from '@holdfast/tools/operations-client';
import { startStack, type Stack } from '@holdfast/tools/stack';
import type { StackOptions } from '@holdfast/tools/stack-options';

export type Operation = components['schemas']['OperationDetail'];
export type Backup = components['schemas']['Backup'];
type RestoreBackup = components['schemas']['RestoreBackup'];
type CreateEnvironment = components['schemas']['CreateEnvironment'];
/** How to sign in to a Postgres database. */
export type Database = Stack['database'];

/** Many operations are waited for at once: asked more often, they would keep the API from its work. */
const POLL_MS = 250;

/** A whole Holdfast of one spec, with its first account signed in. */
export interface Product {
  stack: Stack;
  token: string;
  client: OperationsClient;
  api: ApiClient;
  /** Where the worker and the API put temporary files. */
  temporaryDir: string;
  repositoryDir: string;
  stop(): Promise<void>;
}

/** Starts a Holdfast on a directory of its own; the children say nothing on the terminal. */
export async function startProduct(options: Partial<StackOptions> = {}): Promise<Product> {
  const dir = await makeTempDir('product');
  const temporaryDir = await makeTempDir('product-tmp');
  const removeAll = () => Promise.all([dir, temporaryDir].map((path) => rm(path, { recursive: true, force: true })));
  try {
    const stack = await startStack({
      dataDir: join(dir, 'data'),
      ...{ demo: false, durable: false, quiet: true },
      ...options,
      env: { TMPDIR: temporaryDir, ...options.env },
    });
    const token = await signIn(stack);
    const client = new OperationsClient(stack.urls.api, token);
    const stop = async (): Promise<void> => {
      client.close();
      await stack.stop();
      await removeAll();
    };
    const repositoryDir = join(stack.dataDir, 'repositories', 'default');
    return { stack, token, client, api: client.api, temporaryDir, repositoryDir, stop };
  } catch (error) {
    await removeAll();
    throw error;
  }
}

/** A bearer token of the owner, with the password that the first start made. */
async function signIn({ urls, owner }: Pick<Stack, 'urls' | 'owner'>): Promise<string> {
  const answer = await fetch(`${urls.api}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: owner.email, password: owner.password, kind: 'token' }),
  });
  if (!answer.ok) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}

/** Registers a database as an environment; answers its id. */
export async function register(
  api: ApiClient,
  name: string,
  database: Database,
  more: Partial<CreateEnvironment> = {},
): Promise<string> {
  const { host, port, user, password } = database;
  const body = { name, host, port, user, password, database: database.database, tlsMode: 'disable' as const, ...more };
  return answered(await api.POST('/api/v1/environments', { body })).id;
}

/** Starts a backup; answers the operation's id. */
export const startBackup = async (api: ApiClient, environmentId: string): Promise<string> =>
  answered(await api.POST('/api/v1/backup', { body: { environmentId } })).operationId;

/** Starts a restore into the environment's own database unless `body` says otherwise; answers the operation's id. */
export const startRestore = async (
  api: ApiClient,
  id: string,
  body: Partial<RestoreBackup> = { overwrite: true },
): Promise<string> =>
  answered(await api.POST('/api/v1/backup/{id}/restore', { params: { path: { id } }, body })).operationId;

/** Starts a verification; answers the operation's id. */
export const startVerify = async (api: ApiClient, id: string, level: 'content' | 'restore'): Promise<string> =>
  answered(await api.POST('/api/v1/backup/{id}/validate', { params: { path: { id } }, body: { level } })).operationId;

/** What the API says of an operation; null while it does not answer. */
async function look(api: ApiClient, id: string): Promise<Operation | null> {
  try {
    return (await api.GET('/api/v1/progress/{id}', { params: { path: { id } } })).data ?? null;
  } catch (error) {
    // What fetch throws when nobody listens.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Waits for an operation to end, however it ends, also while the API is away; throws after `seconds`. */
export async function ended(api: ApiClient, id: string, seconds = 60): Promise<Operation> {
  let seen: Operation | null = null;
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(POLL_MS)) {
    seen = (await look(api, id)) ?? seen;
    if (seen && isFinal(seen.status)) return seen;
  }
  const where = seen ? `${seen.kind} is ${seen.status} in step ${seen.progress.step}` : 'the API does not answer';
  throw new Error(`not ended within ${seconds} s: ${where}`);
}

/** Waits for an operation to complete; throws with what it says when it does not. */
export async function completed(api: ApiClient, id: string, seconds?: number): Promise<Operation> {
  const operation = await ended(api, id, seconds);
  if (operation.status === 'completed') return operation;
  throw new Error(`${operation.kind} ${operation.status}: ${operation.error?.code} ${operation.error?.message}`);
}

/** Waits until an operation runs the step. */
export async function inStep(api: ApiClient, id: string, step: string, seconds = 20): Promise<Operation> {
  let seen: Operation | null = null;
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(30)) {
    seen = await look(api, id);
    if (seen?.progress.step === step) return seen;
    if (seen && isFinal(seen.status)) break;
  }
  throw new Error(`not in step ${step}: ${seen?.status} in ${seen?.progress.step} ${seen?.error?.message ?? ''}`);
}

/** Backs up and waits; answers the backup's id. */
export async function backedUp(api: ApiClient, environmentId: string): Promise<string> {
  const { backupId } = await completed(api, await startBackup(api, environmentId));
  if (backupId === null) throw new Error('a backup without an id');
  return backupId;
}

/** Every backup that the API lists. */
export async function listedBackups(api: ApiClient): Promise<Backup[]> {
  const found: Backup[] = [];
  let cursor: string | null = null;
  do {
    const query = { limit: 100, ...(cursor === null ? {} : { cursor }) };
    const page: components['schemas']['BackupPage'] = answered(await api.GET('/api/v1/backup', { params: { query } }));
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

/** Rows of one query on a connection of its own. */
export async function rowsOf<Row extends object>(
  database: Database,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = await connect(database);
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end();
  }
}
