import { describe, expect, it } from 'vitest';
import { directoryPlan } from './directory-plan.ts';
import type { FunctionEntry } from './function-list.ts';
import { safePath } from './function-paths.ts';

const file = (path: string, sha256 = path) => ({ path, sha256, size: 1, pieces: [] });

const entry = (
  slug: string,
  entrypointPath: string,
  paths: string[],
  more: Partial<FunctionEntry> = {},
): FunctionEntry => ({
  ...{ slug, name: slug, status: 'ACTIVE', version: 1, updatedAt: '2026-01-01T00:00:00Z', verifyJwt: null },
  ...{
    entrypointPath,
    importMapPath: null,
    digest: null,
    variables: [],
    files: paths.map((path) => file(path)),
    ...more,
  },
});

const planOf = (entries: FunctionEntry[], fromDirectory = false) => directoryPlan(entries, fromDirectory);
const placesOf = (entries: FunctionEntry[]): string[] => planOf(entries).files.map(({ to }) => to);

describe('the plan for a directory', () => {
  it('puts shared files first and entrypoints last', () => {
    const prefix = 'supabase/functions/';
    const paths = ['b/index.ts', 'b/a.ts', '_shared/x.ts', 'import_map.json'].map((path) => prefix + path);
    const deployed = entry('b', `${prefix}b/index.ts`, paths, { importMapPath: `${prefix}import_map.json` });
    expect(placesOf([deployed])).toEqual(['_shared/x.ts', 'import_map.json', 'b/a.ts', 'b/index.ts']);
    expect(planOf([deployed]).gaps).toMatchObject([{ code: 'functions-import-map' }]);
  });

  it('gives a folder to a function that was deployed without one', () => {
    expect(placesOf([entry('b', 'index.ts', ['index.ts', 'deep/x.ts'])])).toEqual(['b/deep/x.ts', 'b/index.ts']);
    expect(placesOf([entry('b', 'src/index.ts', ['src/index.ts'])])).toEqual(['b/index.ts']);
  });

  it('keeps names as they are, however odd', () => {
    const odd = ['b/a b.ts', 'b/a\nb.ts', 'b/%2e%2e', 'b/č?.json', 'b/...'];
    expect(placesOf([entry('b', 'b/index.ts', ['b/index.ts', ...odd])])).toEqual(expect.arrayContaining(odd));
  });

  it("leaves the router and variables of the directory alone, unless they are the directory's own", () => {
    const router = entry('main', 'supabase/functions/main/index.ts', ['supabase/functions/main/index.ts']);
    const paths = ['b/index.ts', '.env', 'b/.env.local', 'main/index.ts', 'b/environment.ts', 'b/main/x.ts'];
    const other = entry('b', 'b/index.ts', paths);
    const plan = planOf([router, other]);
    expect(plan.files.map(({ to }) => to)).toEqual(['b/environment.ts', 'b/main/x.ts', 'b/index.ts']);
    expect(plan.slugs).toEqual(['b']);
    expect(plan.gaps).toMatchObject([
      { code: 'functions-router', subjects: expect.arrayContaining(['main', 'b: main/index.ts']), count: 2 },
      { code: 'functions-env', subjects: ['b: .env', 'b: b/.env.local'] },
    ]);
    const own = entry('main', 'main/index.ts', ['main/index.ts']);
    expect(planOf([own], true)).toMatchObject({ slugs: ['main'], files: [{ to: 'main/index.ts' }], gaps: [] });
  });

  it.each([
    ['of another root', 'supabase/functions/b/index.ts', 'elsewhere/x.ts'],
    ['above the root', 'b/index.ts', '../x.ts'],
    ['within its own file', 'b/index.ts', 'b/index.ts/x.ts'],
  ])('refuses a file %s', (_what, entrypoint, path) => {
    expect(() => planOf([entry('b', entrypoint, [entrypoint, path])])).toThrow(/^The file /);
  });

  it.each(['..', '.', 'a/b', '', '-x', 'a\0'])('refuses a function called %j', (slug) => {
    expect(() => planOf([entry(slug, 'index.ts', ['index.ts'])])).toThrow(/^The file /);
  });

  it('takes the newest version of a file that functions share, and names it', () => {
    const newer = entry('a', 'a/index.ts', [], {
      ...{ updatedAt: '2026-02-01T00:00:00Z', files: [file('a/index.ts'), file('_shared/x.ts', 'new')] },
    });
    const older = entry('b', 'b/index.ts', [], { files: [file('b/index.ts'), file('_shared/x.ts', 'old')] });
    const plan = planOf([newer, older]);
    expect(plan.files[0]).toMatchObject({ to: '_shared/x.ts', file: { sha256: 'new' } });
    expect(plan.gaps).toMatchObject([{ code: 'functions-shared', subjects: ['_shared/x.ts'] }]);
  });
});

it.each(['', '/etc/x', '../x', 'a/../x', 'a//x', './x', 'a/.', 'a\0b', 'x/'])('refuses the path %j', (path) => {
  expect(() => safePath(path)).toThrow(JSON.stringify(path));
});
