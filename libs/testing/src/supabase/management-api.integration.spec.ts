import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentWith } from '../config.ts';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '../index.ts';
import { createProjectDatabase, startProjectServer, type ProjectServer } from './index.ts';

let postgres: ThrowawayPostgres;
let server: ProjectServer;
let dir: string;

beforeAll(async () => {
  postgres = await throwawayPostgres();
  const target = await postgres.createDatabase();
  await createProjectDatabase(target);
  dir = await makeTempDir('management');
  server = await startProjectServer({ target, dir: join(dir, 'server') });
});
afterAll(async () => {
  await server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

async function ask(method: string, path: string, body?: unknown, headers: object = {}) {
  const answer = await fetch(`${server.url}/v1/projects${path}`, {
    method,
    headers: { authorization: `Bearer ${server.managementToken}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text ? (JSON.parse(text) as unknown) : null };
}

const SOURCES = {
  'hello/index.ts': `import { greet } from '../_shared/greet.ts';\nDeno.serve(() => new Response(greet('ž')));\n`,
  '_shared/greet.ts': 'export const greet = (name: string) => `Hello ${name}`;\n',
};

/** The real command line, told that our server is the platform. */
async function supabase(project: string, ...args: string[]): Promise<string> {
  const profile = join(project, 'profile.yaml');
  const entries = ['api_url', 'dashboard_url', 'docs_url'].map((key) => `${key}: ${server.url}\n`);
  await writeFile(profile, `name: standin\n${entries.join('')}project_host: 127.0.0.1\n`);
  const bin = join(dirname(createRequire(import.meta.url).resolve('supabase/package.json')), 'dist', 'supabase.js');
  const env = environmentWith({
    SUPABASE_ACCESS_TOKEN: server.managementToken,
    HOME: project,
    SUPABASE_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  });
  const command = [bin, ...args, `--remote=${server.ref}`, '--profile', profile];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: project, env, timeout: 50_000 });
  return stdout;
}

async function newProject(name: string): Promise<string> {
  const project = join(dir, name);
  await mkdir(join(project, 'supabase', 'functions'), { recursive: true });
  await writeFile(
    join(project, 'supabase', 'config.toml'),
    'project_id = "x"\n[functions.hello]\nverify_jwt = false\n',
  );
  return project;
}

describe('the supabase command line', () => {
  it('deploys a function with its shared folder, lists it and downloads it into another project', async () => {
    const from = await newProject('from');
    for (const [path, text] of Object.entries(SOURCES)) {
      await mkdir(dirname(join(from, 'supabase/functions', path)), { recursive: true });
      await writeFile(join(from, 'supabase/functions', path), text);
    }
    await supabase(from, 'functions', 'deploy', 'hello', '--use-api', '--yes');
    const listed = JSON.parse(await supabase(from, 'functions', 'list', '-o', 'json')) as unknown[];
    expect(listed).toMatchObject([{ slug: 'hello', status: 'ACTIVE', version: 1, verify_jwt: false }]);
    const to = await newProject('to');
    await supabase(to, 'functions', 'download', 'hello', '--use-api');
    for (const [path, text] of Object.entries(SOURCES)) {
      expect(await readFile(join(to, 'supabase/functions', path), 'utf8')).toBe(text);
    }
    await cp(from, join(dir, 'again'), { recursive: true });
    await supabase(join(dir, 'again'), 'functions', 'deploy', 'hello', '--use-api', '--yes');
    expect((await ask('GET', `/${server.ref}/functions/hello`)).json).toMatchObject({ version: 2 });
  });
});

describe('functions', () => {
  const deploy = (slug: string, metadata: object, files: Record<string, string>) => {
    const form = new FormData();
    form.set('metadata', JSON.stringify(metadata));
    for (const [path, text] of Object.entries(files)) form.append('file', new Blob([text]), path);
    return fetch(`${server.url}/v1/projects/${server.ref}/functions/deploy?slug=${slug}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.managementToken}` },
      body: form,
    });
  };

  it('come back as multipart with odd paths as they were sent, and write nothing outside the directory', async () => {
    const files = { '../../out.ts': 'out', 'a b/ž.ts': 'text', 'index.ts': 'entry', '.hidden': '' };
    expect((await deploy('odd', { entrypoint_path: 'index.ts', name: 'Odd' }, files)).status).toBe(201);
    const answer = await fetch(`${server.url}/v1/projects/${server.ref}/functions/odd/body`, {
      headers: { authorization: `Bearer ${server.managementToken}`, accept: 'multipart/form-data' },
    });
    const form = await answer.formData();
    const got = await Promise.all(
      form.getAll('file').map(async (file) => [(file as File).name, await (file as File).text()]),
    );
    expect(got).toEqual(Object.entries(files).map(([path, text]) => [`source/${path}`, text]));
    expect(JSON.parse(String(form.get('metadata')))).toMatchObject({ deno2_entrypoint_path: 'source/index.ts' });
  });

  it('are changed and removed, and a deploy without its entry point is refused', async () => {
    expect((await deploy('broken', { entrypoint_path: 'none.ts' }, { 'index.ts': '' })).status).toBe(400);
    await deploy('gone', { entrypoint_path: 'index.ts' }, { 'index.ts': '' });
    const path = `/${server.ref}/functions/gone`;
    expect((await ask('PATCH', path, { verify_jwt: false })).json).toMatchObject({ verify_jwt: false, version: 2 });
    expect((await ask('DELETE', path)).status).toBe(200);
    expect(await ask('GET', path)).toMatchObject({ status: 404, json: { message: 'Function not found' } });
  });
});

describe('settings', () => {
  it('are read and changed, and secrets come back as digests only', async () => {
    const at = `/${server.ref}`;
    expect((await ask('GET', at)).json).toMatchObject({ ref: server.ref, status: 'ACTIVE_HEALTHY' });
    await ask('PATCH', `${at}/config/auth`, { site_url: 'https://shop.example' });
    expect((await ask('GET', `${at}/config/auth`)).json).toMatchObject({
      site_url: 'https://shop.example',
      jwt_exp: 3600,
    });
    expect((await ask('GET', `${at}/postgrest`)).json).toMatchObject({ max_rows: 1000 });
    expect((await ask('GET', `${at}/network-restrictions`)).json).toMatchObject({ status: 'applied' });
    expect((await ask('POST', `${at}/secrets`, [{ name: 'KEY', value: 'hidden' }])).status).toBe(201);
    const digest = createHash('sha256').update('hidden').digest('hex');
    expect((await ask('GET', `${at}/secrets`)).json).toContainEqual(
      expect.objectContaining({ name: 'KEY', value: digest }),
    );
    expect(await readFile(join(dir, 'server/management/settings.json'), 'utf8')).not.toContain('hidden');
  });
});

describe('refusals', () => {
  it('name a wrong token, an unknown project and too many requests', async () => {
    const wrong = { authorization: `Bearer sbp_${'0'.repeat(40)}` };
    expect((await ask('GET', `/${server.ref}`, undefined, wrong)).status).toBe(401);
    expect((await ask('GET', '/abcdefghijklmnopqrst')).status).toBe(404);
    server.faults.plan({ match: /^GET \/v1\/projects\/\w+\/functions$/, times: 1, status: 429, retryAfter: 2 });
    const refused = await ask('GET', `/${server.ref}/functions`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await ask('GET', `/${server.ref}/functions`)).status).toBe(200);
  });
});
