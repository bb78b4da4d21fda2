import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it, vi } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const WALLS = [
  '@nx/enforce-module-boundaries',
  '@typescript-eslint/no-restricted-imports',
  '@typescript-eslint/consistent-type-imports',
  'no-restricted-globals',
  'no-restricted-imports',
  'no-restricted-properties',
  'no-restricted-syntax',
  'holdfast/any-with-reason',
  'holdfast/file-name',
];

// Rules that need types are left out: they refuse files that are not on disk.
const linter = new ESLint({
  cwd: root,
  ruleFilter: ({ ruleId }) => WALLS.includes(ruleId),
  overrideConfig: { languageOptions: { parserOptions: { project: false } } },
});

/** The rules that `code` breaks when it stands in `file`. */
async function broken(file: string, code: string): Promise<string[]> {
  const [result] = await linter.lintText(code, { filePath: join(root, file) });
  if (!result) throw new Error(`${file} is ignored`);
  return result.messages.map((message) => message.ruleId ?? message.message);
}

const uses = (module: string) => `import * as used from '${module}';\nexport const value = used;\n`;
const usesType = (module: string) => `import type * as used from '${module}';\nexport type Value = typeof used;\n`;

// A busy machine takes its time to load ESLint and to build the graph.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(async () => {
  // The rule reads Nx's cached project graph and is silent without one: any nx command writes it.
  const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
  execFileSync(process.execPath, [nx, 'show', 'projects'], { cwd: root, stdio: 'pipe', timeout: 60_000 });
  await broken('libs/contracts/src/sample.ts', 'export {};\n');
}, 120_000);

const NX = '@nx/enforce-module-boundaries';
const IMPORTS = '@typescript-eslint/no-restricted-imports';

const projects: { file: string; allowed: string[]; forbidden: string[] }[] = [
  {
    file: 'libs/contracts/src/sample.ts',
    allowed: [],
    forbidden: ['@holdfast/crypto', '@holdfast/engine', '@holdfast/prisma', '@holdfast/testing', 'pg'],
  },
  {
    file: 'libs/crypto/src/sample.ts',
    allowed: ['node:crypto', '@temporalio/common'],
    forbidden: ['@holdfast/contracts', '@holdfast/engine', '@holdfast/prisma', '@temporalio/client'],
  },
  {
    file: 'prisma/sample.ts',
    allowed: ['@prisma/adapter-pg'],
    forbidden: ['@holdfast/contracts', '@holdfast/crypto', '@nestjs/common'],
  },
  {
    file: 'libs/engine/src/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/crypto', 'pg'],
    forbidden: ['@holdfast/prisma', '@holdfast/testing', '@holdfast/temporal/activities', '@nestjs/common'],
  },
  {
    file: 'temporal/activities/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/crypto', '@holdfast/engine', '@holdfast/prisma'],
    forbidden: ['@holdfast/testing', '@holdfast/api-client', '@temporalio/client'],
  },
  {
    file: 'libs/testing/src/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/prisma', '@holdfast/engine'],
    forbidden: ['@holdfast/temporal/activities', '@holdfast/api-client', '@holdfast/crypto'],
  },
  {
    file: 'libs/api-client/src/sample.ts',
    allowed: ['@holdfast/contracts', 'openapi-fetch'],
    forbidden: ['@holdfast/engine', '@holdfast/prisma', '@holdfast/testing'],
  },
  {
    file: 'apps/worker/src/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/engine', '@holdfast/prisma', '@holdfast/temporal/activities'],
    forbidden: ['@holdfast/testing', '@holdfast/api-client', '@nestjs/common'],
  },
  {
    file: 'apps/api/src/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/crypto', '@holdfast/prisma', '@nestjs/common'],
    forbidden: ['@holdfast/engine', '@holdfast/temporal/activities', '@holdfast/testing', '@temporalio/worker'],
  },
  {
    file: 'apps/admin/src/app/backups/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/api-client', '@angular/core', 'rxjs'],
    forbidden: [
      '@holdfast/engine',
      '@holdfast/crypto',
      '@holdfast/testing',
      '@holdfast/prisma',
      'zod',
      '@nestjs/common',
    ],
  },
  {
    file: 'apps/e2e/src/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/api-client', '@holdfast/testing', '@holdfast/tools/stack'],
    forbidden: ['@holdfast/engine', '@holdfast/prisma', '@holdfast/crypto', '@holdfast/temporal/activities'],
  },
  {
    file: 'tools/sample.ts',
    allowed: ['@holdfast/contracts', '@holdfast/engine', '@holdfast/testing', '@holdfast/temporal/bundle'],
    forbidden: ['@holdfast/crypto', '@holdfast/prisma', '@nestjs/common'],
  },
];

describe('the boundary rule', () => {
  for (const { file, allowed, forbidden } of projects) {
    it(`lets ${file} import what its project may`, async () => {
      for (const module of allowed) expect([module, await broken(file, uses(module))]).toEqual([module, []]);
    });

    it(`refuses in ${file} what its project may not import`, async () => {
      for (const module of forbidden) {
        expect([module, (await broken(file, uses(module))).includes(NX)]).toEqual([module, true]);
      }
    });
  }

  it('refuses a forbidden import of types as well', async () => {
    expect(await broken('libs/engine/src/sample.ts', usesType('@holdfast/prisma'))).toContain(NX);
  });

  it('refuses a path into another project', async () => {
    expect(await broken('libs/engine/src/sample.ts', uses('../../contracts/src/index.ts'))).toContain(NX);
    expect(await broken('temporal/activities/sample.ts', uses('../../libs/engine/src/index.ts'))).toContain(NX);
    expect(await broken('tools/sample.ts', uses('../apps/api/src/main.ts'))).toContain(NX);
  });

  it('opens `testing` to spec files of every project', async () => {
    expect(await broken('libs/engine/src/sample.integration.spec.ts', uses('@holdfast/testing'))).toEqual([]);
    expect(await broken('apps/api/src/sample.integration.spec.ts', uses('@holdfast/testing'))).toEqual([]);
  });

  it('keeps the other walls in spec files', async () => {
    expect(await broken('libs/engine/src/sample.spec.ts', uses('@holdfast/prisma'))).toContain(NX);
    expect(await broken('apps/api/src/sample.spec.ts', uses('@holdfast/engine'))).toContain(NX);
  });
});

describe('the projects', () => {
  const tags = globSync('{apps/*,libs/*,prisma,temporal,tools}/project.json', { cwd: root }).map((file) => {
    const project = JSON.parse(readFileSync(join(root, file), 'utf8')) as { name: string; tags: string[] };
    return [project.name, project.tags] as const;
  });

  it.each(tags)('%s has one tag, and the rule knows it', async (_name, [tag, ...others]) => {
    const config = (await linter.calculateConfigForFile(join(root, 'libs/engine/src/index.ts'))) as {
      rules: Record<string, [number, { depConstraints: { sourceTag: string }[] }]>;
    };
    expect(others).toEqual([]);
    expect(config.rules[NX]?.[1].depConstraints.map(({ sourceTag }) => sourceTag)).toContain(tag);
  });
});

describe('the workflow wall', () => {
  const file = 'temporal/workflows/sample.workflow.ts';

  it('lets a workflow import contracts, the workflow API, neighbours and types of activities', async () => {
    expect(await broken(file, uses('@holdfast/contracts'))).toEqual([]);
    expect(await broken(file, uses('@temporalio/workflow'))).toEqual([]);
    expect(await broken(file, uses('./index.ts'))).toEqual([]);
    expect(await broken(file, usesType('../activities/index.ts'))).toEqual([]);
  });

  it('refuses everything else, also as types', async () => {
    for (const module of ['node:fs', 'pg', '@holdfast/engine', '@temporalio/client', '../bundle.ts']) {
      expect([module, (await broken(file, uses(module))).includes(IMPORTS)]).toEqual([module, true]);
      expect([module, (await broken(file, usesType(module))).includes(IMPORTS)]).toEqual([module, true]);
    }
  });

  it('refuses activities as values', async () => {
    expect(await broken(file, uses('../activities/index.ts'))).toContain(IMPORTS);
  });

  it('refuses what an isolate does not have', async () => {
    expect(await broken(file, 'export const id = process.pid;\n')).toContain('no-restricted-globals');
    expect(await broken(file, "export const bytes = Buffer.from('a');\n")).toContain('no-restricted-globals');
  });

  it('refuses workflows in activities', async () => {
    const activity = 'temporal/activities/sample.activities.ts';
    expect(await broken(activity, uses('../workflows/index.ts'))).toContain(IMPORTS);
    expect(await broken(activity, usesType('../workflows/index.ts'))).toContain(IMPORTS);
    expect(await broken(activity, uses('@temporalio/workflow'))).toContain(IMPORTS);
    expect(await broken(activity, uses('@temporalio/activity'))).toEqual([]);
  });
});

describe('other walls', () => {
  it('lets only apps/api/src/operations talk to Temporal', async () => {
    expect(await broken('apps/api/src/backups/sample.ts', uses('@temporalio/client'))).toContain(IMPORTS);
    expect(await broken('apps/api/src/operations/sample.ts', uses('@temporalio/client'))).toEqual([]);
  });

  it('keeps pages of the console apart, and what they share below them', async () => {
    const page = 'apps/admin/src/app/backups/sample.ts';
    expect(await broken(page, uses('../ui/api.ts'))).toEqual([]);
    expect(await broken(page, uses('../shell/live.ts'))).toEqual([]);
    expect(await broken(page, uses('../operations/operations.store.ts'))).toContain(IMPORTS);
    expect(await broken(page, uses('node:fs'))).toContain(IMPORTS);
    expect(await broken('apps/admin/src/app/shell/sample.ts', uses('../ui/api.ts'))).toEqual([]);
    expect(await broken('apps/admin/src/app/shell/sample.ts', uses('../backups/sample.ts'))).toContain(IMPORTS);
    expect(await broken('apps/admin/src/app/ui/sample.ts', uses('../shell/live.ts'))).toContain(IMPORTS);
  });

  it('refuses a circle of files', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-circle-'));
    const circles = new ESLint({
      cwd: directory,
      overrideConfigFile: join(root, 'eslint.config.mjs'),
      ruleFilter: ({ ruleId }) => ruleId === 'import-x/no-cycle',
      overrideConfig: { languageOptions: { parserOptions: { project: false } } },
    });
    writeFileSync(join(directory, 'a.ts'), "import { b } from './b.ts';\nexport const a = () => b();\n");
    writeFileSync(join(directory, 'b.ts'), "import { a } from './a.ts';\nexport const b = () => a();\n");
    const results = await circles.lintFiles(['a.ts', 'b.ts']);
    rmSync(directory, { recursive: true });
    expect(results.map(({ messages }) => messages.map(({ ruleId }) => ruleId))).toEqual([
      ['import-x/no-cycle'],
      ['import-x/no-cycle'],
    ]);
  });

  it('lets only config.ts read the environment', async () => {
    const code = 'export const home = process.env["HOME"];\n';
    expect(await broken('apps/worker/src/sample.ts', code)).toEqual(['no-restricted-properties']);
    expect(await broken('apps/worker/src/sample.ts', "export { env } from 'node:process';\n")).toEqual([
      'no-restricted-imports',
    ]);
    expect(await broken('apps/worker/src/config.ts', code)).toEqual([]);
  });

  it('refuses an empty catch, a skipped test, an unexplained any and a vague file name', async () => {
    const file = 'libs/engine/src/sample.ts';
    expect(await broken(file, 'try {\n  await 1;\n} catch {\n  // nothing\n}\n')).toEqual(['no-restricted-syntax']);
    expect(await broken(file, "it.skip('works', () => 1);\n")).toEqual(['no-restricted-syntax']);
    expect(await broken(file, 'export const parse = (x: any): number => x;\n')).toEqual(['holdfast/any-with-reason']);
    expect(
      await broken(file, '// any: the driver types rows so.\nexport const row = (x: any): number => x;\n'),
    ).toEqual([]);
    expect(await broken('libs/engine/src/utils.ts', 'export {};\n')).toEqual(['holdfast/file-name']);
  });

  it('takes no inline exception', async () => {
    const code = '/* eslint-disable no-restricted-properties */\nexport const home = process.env["HOME"];\n';
    expect(await broken('libs/engine/src/sample.ts', code)).toContain('no-restricted-properties');
  });
});
