import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '../index.ts';
import { fillFunctions } from './fill/fill-functions.ts';
import { createProjectDatabase, FUNCTION_SOURCES, startProjectServer, type ProjectServer } from './index.ts';

const USER = '10000000-0000-4000-8000-000000000001';

let postgres: ThrowawayPostgres;
let cloud: ProjectServer;
let selfHosted: ProjectServer;
let dir: string;
let directory: string;

async function writeSources(sources: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(sources)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

beforeAll(async () => {
  postgres = await throwawayPostgres();
  const target = await postgres.createDatabase();
  await createProjectDatabase(target);
  dir = await makeTempDir('functions');
  directory = join(dir, 'volume');
  await writeSources(FUNCTION_SOURCES);
  cloud = await startProjectServer({ target, dir: join(dir, 'cloud') });
  selfHosted = await startProjectServer({ target, dir: join(dir, 'self-hosted'), functionsDirectory: directory });
  await fillFunctions(cloud);
});
afterAll(async () => {
  await cloud.stop();
  await selfHosted.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

async function call(server: ProjectServer, path: string, token: string | null = null, init: RequestInit = {}) {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${server.url}/functions/v1/${path}`, { headers, ...init });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

const userToken = ({ tokens }: ProjectServer): Promise<string> => tokens.sign({ sub: USER, role: 'authenticated' }, 60);

describe.each([
  ['deployed functions', () => cloud],
  ["functions of a self-hosted project's directory", () => selfHosted],
])('%s', (_name, serverOf) => {
  it('answer supabase-js, with a shared folder, an import map and a static file', async () => {
    const server = serverOf();
    const { functions } = createClient(server.url, server.anonKey, { auth: { persistSession: false } });
    expect(await functions.invoke('greet', { body: { name: 'Ada' } })).toMatchObject({
      data: { greeting: 'Ahoj Ada' },
    });
    expect(await functions.invoke('total')).toMatchObject({ data: { total: 114 }, error: null });
    const { body } = await call(server, 'whoami', await userToken(server));
    expect(body).toEqual({ sub: USER, role: 'authenticated' });
  });

  it('are not there unless they were deployed', async () => {
    for (const path of ['none', '_shared', '..%2fx', ''])
      expect([path, (await call(serverOf(), path)).status]).toEqual([path, 404]);
  });
});

describe('a function that asks for a token', () => {
  it('is called only with one that the project signed', async () => {
    const body = { code: 401, message: 'Missing authorization header' };
    expect(await call(cloud, 'whoami')).toEqual({ status: 401, body });
    const foreign = await userToken(selfHosted);
    expect(await call(cloud, 'whoami', foreign)).toMatchObject({ status: 401, body: { message: 'Invalid JWT' } });
    expect(await call(cloud, 'greet')).toMatchObject({ status: 200 });
  });
});

describe('a function', () => {
  it('finds the secrets and the keys of its project, and nothing of ours', async () => {
    await writeSources({
      '.env': 'MAIL_KEY="not a real key"\n',
      'env/index.ts': 'Deno.serve(() => Response.json(Deno.env.toObject()));\n',
    });
    const { body } = await call(selfHosted, 'env');
    expect(body).toMatchObject({
      MAIL_KEY: 'not a real key',
      SUPABASE_URL: selfHosted.url,
      SUPABASE_ANON_KEY: selfHosted.anonKey,
    });
    // it has a search path of its own, and nothing of the rest
    expect(Object.keys(body as object)).not.toContain('HOME');
  });

  it('answers anew once its sources changed, and says so when it cannot start', async () => {
    await writeSources({ 'env/index.ts': `Deno.serve(() => Response.json('second'));\n` });
    expect(await call(selfHosted, 'env')).toEqual({ status: 200, body: 'second' });
    await writeSources({ 'env/index.ts': `import './none.ts';\n` });
    expect(await call(selfHosted, 'env')).toMatchObject({ status: 503, body: { code: 'BOOT_ERROR' } });
  });

  it('streams what it is sent', async () => {
    await writeSources({ 'echo/index.ts': `Deno.serve((request) => new Response(request.body, { status: 201 }));\n` });
    const answer = await call(selfHosted, 'echo/deep?x=1', null, { method: 'POST', body: '{"a":"ž"}' });
    expect(answer).toEqual({ status: 201, body: { a: 'ž' } });
  });
});
