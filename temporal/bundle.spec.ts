import { builtinModules } from 'node:module';
import { OPERATION_KINDS } from '@holdfast/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from './bundle.ts';

let code: string;

beforeAll(async () => {
  ({ code } = await bundleWorkflows());
}, 60_000);

/** The bundler names each module it took in by its path, as the key of a function. */
const modules = () => [...code.matchAll(/^\/\*\*\*\/ "([^"]+)"/gm)].map(([, name = '']) => name);

describe('the workflow bundle', () => {
  it('holds every workflow', () => {
    for (const kind of [...OPERATION_KINDS, 'probe', 'attach']) {
      expect(
        modules().some((name) => name.endsWith(`/workflows/${kind}.workflow.ts`)),
        kind,
      ).toBe(true);
    }
  });

  it('holds of our own code the workflows and the contracts only', () => {
    const own = modules().filter((name) => !name.includes('node_modules') && !name.startsWith('?'));
    expect(own.filter((name) => !/\/(workflows|contracts\/src)\//.test(name))).toEqual([]);
  });

  it('holds nothing of activities, engine, database or Node', () => {
    const names = modules();
    expect(names.length).toBeGreaterThan(10);
    const packages = /node_modules\/(pg|pino|@prisma|@holdfast|@temporalio\/(activity|client|worker|core-bridge))\//;
    expect(names.filter((name) => packages.test(name))).toEqual([]);
    // Temporal's places for converters of our own; a module that was left out would be one more.
    expect(names.filter((name) => name.startsWith('?'))).toHaveLength(2);
    expect(names.filter((name) => builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
  });
});
