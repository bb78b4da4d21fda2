import type { ProjectServer } from '@holdfast/testing/supabase';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupSummary } from '../backup/backup.ts';
import { failureOf } from '../engine-under-test.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { call, deploy, FunctionsUnderTest, managementOf, relist, USER, write } from './functions-under-test.ts';

let project: FunctionsUnderTest;
let cloud: ProjectServer;
let manifest: Manifest;

async function answersOf(server: ProjectServer): Promise<string[]> {
  const token = await server.tokens.sign({ sub: USER, role: 'authenticated' }, 60);
  return [await call(server, 'greet'), await call(server, 'whoami', token), await call(server, 'total', token)];
}

beforeAll(async () => {
  project = await FunctionsUnderTest.start('restore functions');
  cloud = await project.serveFilled('cloud');
  manifest = await project.manifestOf(await project.backUp({ management: managementOf(cloud) }));
});
afterAll(() => project.stop());

describe('a restore of functions', () => {
  it('deploys them so that they answer as before, and a second time nothing', async () => {
    const other = await project.serve('other cloud');
    const place = { management: managementOf(other) };
    expect(await project.giveBack(manifest, place, { dryRun: true })).toMatchObject({
      deployed: ['greet', 'total', 'whoami'],
    });
    expect(await project.giveBack(manifest, place, { functions: ['greet'] })).toMatchObject({
      deployed: ['greet'],
      kept: [],
    });
    expect(await project.giveBack(manifest, place)).toEqual({
      deployed: ['total', 'whoami'],
      kept: ['greet'],
      gaps: [],
    });
    expect(await project.giveBack(manifest, place)).toMatchObject({ deployed: [], kept: ['greet', 'total', 'whoami'] });
    expect(await answersOf(other)).toEqual(await answersOf(cloud));
    expect(await call(other, 'whoami')).toMatch(/^401/);
  });

  it('deploys one again whose token check was switched off, and knows no other', async () => {
    const other = await project.serve('switched');
    const place = { management: managementOf(other) };
    await project.giveBack(manifest, place);
    await fetch(`${other.url}/v1/projects/${other.ref}/functions/whoami`, {
      ...{ method: 'PATCH', body: '{"verify_jwt":false}' },
      headers: { authorization: `Bearer ${other.managementToken}` },
    });
    expect(await project.giveBack(manifest, place)).toMatchObject({ deployed: ['whoami'] });
    expect(await failureOf(project.giveBack(manifest, place, { functions: ['nobody'] }))).toMatchObject({
      ...{ code: 'restore.selection_unknown', message: 'The backup holds no function "nobody"' },
    });
  });

  it('writes them into the directory of a self-hosted project, where they answer as before', async () => {
    const directory = join(project.dir, 'volume');
    await write(directory, { 'own/index.ts': '// mine\n', 'greet/notes.txt': 'mine too' });
    const selfHosted = await project.serve('self-hosted', { functionsDirectory: directory });
    const restored = await project.giveBack(manifest, { directory });
    expect(restored).toMatchObject({ deployed: ['greet', 'total', 'whoami'], kept: [] });
    expect(restored.gaps).toMatchObject([
      { code: 'functions-verify-jwt', subjects: ['greet: no', 'total: yes', 'whoami: yes'] },
    ]);
    expect(await answersOf(selfHosted)).toEqual(await answersOf(cloud));
    expect(await readFile(join(directory, 'own/index.ts'), 'utf8')).toBe('// mine\n');
    expect(await readFile(join(directory, 'greet/notes.txt'), 'utf8')).toBe('mine too');
    expect(await project.giveBack(manifest, { directory })).toMatchObject({
      deployed: [],
      kept: ['greet', 'total', 'whoami'],
    });
    const left = await readdir(directory, { recursive: true });
    expect(left.filter((name) => name.includes('holdfast'))).toEqual([]);
  });

  it.each(['../escaped.ts', '/etc/escaped.ts', 'supabase/functions/../../../escaped.ts'])(
    'refuses a file called %j by its name and writes nothing',
    async (path) => {
      const hostile = await project.serve(`hostile ${Buffer.from(path).toString('hex')}`);
      await deploy(hostile, 'bad', { 'supabase/functions/bad/index.ts': '', [path]: 'x' });
      const taken = await project.manifestOf(await project.backUp({ management: managementOf(hostile) }));
      const directory = join(project.dir, 'untouched');
      await mkdir(directory, { recursive: true });
      for (const place of [{ directory }, { management: managementOf(await project.serve('untouched cloud')) }]) {
        const refused = await failureOf(project.giveBack(taken, place));
        expect(refused).toMatchObject({ code: 'functions.path_refused' });
        expect(refused.message).toContain(JSON.stringify(path).slice(1, -1));
      }
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('never follows a link out of the directory', async () => {
    const directory = join(project.dir, 'linked');
    await mkdir(join(project.dir, 'outside'), { recursive: true });
    await mkdir(directory, { recursive: true });
    await symlink(join(project.dir, 'outside'), join(directory, 'greet'));
    expect(await failureOf(project.giveBack(manifest, { directory }))).toMatchObject({
      code: 'functions.path_refused',
    });
    expect(await readdir(join(project.dir, 'outside'))).toEqual([]);
    expect(await readdir(directory)).toEqual(['greet']);
  });
});

describe('a function that is listed without an entrypoint that it has', () => {
  const functions: Record<string, Record<string, string>> = {
    own: { 'supabase/functions/own/index.ts': '', 'supabase/functions/_shared/index.ts': '' },
    top: { 'index.js': '', 'deep/index.ts': '' },
    none: { 'server.ts': '' },
    several: { 'index.ts': '', 'several/index.ts': '' },
    empty: { 'index.ts': '' },
  };
  let taken: BackupSummary;
  let inside: Manifest;

  beforeAll(async () => {
    const name = 'without entrypoints';
    const server = await project.serve(name);
    for (const [slug, files] of Object.entries(functions)) {
      await deploy(server, slug, files);
      await relist(project, name, slug, {
        record: { entrypoint_path: slug === 'top' ? 'source/elsewhere.ts' : undefined },
        ...(slug === 'empty' && { paths: [] }),
      });
    }
    taken = await project.backUp({ management: managementOf(server) });
    inside = await project.manifestOf(taken);
  });

  it('is backed up with the one that can only be meant, or named', async () => {
    const entries = await project.listOf(inside);
    expect(entries.map(({ slug, entrypointPath, files }) => [slug, entrypointPath, files?.length])).toEqual([
      ['empty', null, undefined],
      ['none', null, 1],
      ['own', 'supabase/functions/own/index.ts', 2],
      ['several', null, 2],
      ['top', 'index.js', 2],
    ]);
    const gaps = new Map(taken.coverage.gaps.map(({ code, subjects }) => [code, subjects]));
    expect(gaps.get('functions-entrypoint')).toEqual(['none', 'several']);
    expect(gaps.get('functions-unreadable')).toEqual(['empty (no files)']);
  });

  it('is restored, or named for what it lacks', async () => {
    const directory = join(project.dir, 'without entrypoints, restored');
    await mkdir(directory);
    for (const place of [{ directory }, { management: managementOf(await project.serve('with entrypoints')) }]) {
      const restored = await project.giveBack(inside, place);
      expect(restored.deployed).toEqual(['own', 'top']);
      expect(restored.gaps.slice(0, 2)).toMatchObject([
        { code: 'functions-missing', subjects: ['empty'] },
        { code: 'functions-entrypoint', subjects: ['none', 'several'] },
      ]);
    }
  });

  it.each([
    ['none', 'Which file of the function none is its entrypoint is not known, so it cannot be deployed'],
    ['empty', 'The backup has no sources of the function empty'],
  ])('is an error where it is asked for by name: %s', async (slug, message) => {
    const place = { management: managementOf(cloud) };
    const failure = await failureOf(project.giveBack(inside, place, { functions: ['own', slug], dryRun: true }));
    expect(failure).toMatchObject({ code: 'restore.selection_unknown', message });
  });
});

describe('a functions directory', () => {
  const files = {
    'hello/index.ts': `import { greeting } from '../_shared/greeting.ts';\nDeno.serve(() => new Response(greeting));\n`,
    'hello/.config.json': '{}',
    'hello/.env': '# for mails\nMAIL_KEY="not a real key"\nexport PLAIN=1\n',
    '_shared/greeting.ts': `export const greeting = 'Ahoj';\n`,
    '.env.local': 'ROOT=yes\n',
    'main/index.ts': `console.log('the router');\n`,
    'main/.env': 'PEM_KEY="-----BEGIN\nMIIBVw=\n-----END"\n',
    'main/.env.broken': 'PEM_KEY="-----BEGIN\nMIIBVw=\n',
  };
  let directory: string;
  let taken: BackupSummary;

  beforeAll(async () => {
    directory = join(project.dir, 'source');
    await write(directory, files);
    await writeFile(join(project.dir, 'secret'), 'outside');
    await symlink(join(project.dir, 'secret'), join(directory, 'hello/leak.txt'));
    await symlink('../_shared/greeting.ts', join(directory, 'hello/inside.ts'));
    await symlink('..', join(directory, 'hello/circle'));
    taken = await project.backUp({ directory });
  });

  it('is read with its dotfiles and shared files, without values of variables and links that leave it', async () => {
    const entries = await project.listOf(await project.manifestOf(taken));
    expect(entries.map(({ slug, files }) => [slug, files?.map(({ path }) => path)])).toEqual([
      [null, ['_shared/greeting.ts']],
      ['hello', ['hello/.config.json', 'hello/index.ts', 'hello/inside.ts']],
      ['main', ['main/index.ts']],
    ]);
    expect(entries.flatMap(({ variables }) => variables.map(({ file, name }) => `${file} ${name}`))).toEqual([
      '.env.local ROOT',
      'hello/.env MAIL_KEY',
      'hello/.env PLAIN',
      'main/.env PEM_KEY',
    ]);
    const pem = createHash('sha256').update('-----BEGIN\nMIIBVw=\n-----END').digest('hex');
    expect(entries[2]?.variables[0]?.sha256).toBe(pem);
    expect(JSON.stringify([entries, taken.coverage])).not.toContain('MIIB');
    expect(JSON.stringify(entries)).not.toContain('not a real key');
    const gaps = new Map(taken.coverage.gaps.map(({ code, subjects }) => [code, subjects]));
    expect(gaps.get('function-links')).toEqual(['hello/circle', 'hello/leak.txt']);
    expect(gaps.get('function-variables')).toContain('hello/.env: MAIL_KEY');
    expect(gaps.get('functions-unreadable')).toEqual(['main/.env.broken']);
  });

  it('is deployed to the platform without its router, with a token asked for', async () => {
    const other = await project.serve('from a directory');
    const restored = await project.giveBack(await project.manifestOf(taken), { management: managementOf(other) });
    expect(restored).toMatchObject({
      deployed: ['hello'],
      gaps: [{ code: 'functions-router' }, { code: 'functions-verify-jwt', subjects: ['hello'] }],
    });
    expect(await call(other, 'hello', other.anonKey)).toMatch(/^200 .*Ahoj$/);
    expect(await call(other, 'hello')).toMatch(/^401/);
  });

  it('that is not there is an error that says so', async () => {
    const nowhere = { directory: join(project.dir, 'nowhere') };
    expect(await failureOf(project.backUp(nowhere))).toMatchObject({ code: 'functions.directory_missing' });
    expect(await failureOf(project.giveBack(manifest, nowhere))).toMatchObject({ code: 'functions.directory_missing' });
  });
});
