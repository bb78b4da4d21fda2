import { defineConfig } from 'vitest/config';

/** Kills at every step hold a process at an instant, which they do not yet manage on every machine: `npm run test:kills`. */
const KILLS = ['apps/e2e/src/{kills,outages}.e2e.spec.ts'];
const exclude = ['**/node_modules/**', '**/dist/**', '**/.holdfast/**'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['{apps,libs,temporal,prisma,tools,docker,docs}/**/*.spec.ts'],
          exclude: [...exclude, '**/*.integration.spec.ts', '**/*.e2e.spec.ts'],
          setupFiles: ['reflect-metadata'],
        },
      },
      {
        test: {
          name: 'integration',
          environment: 'node',
          include: ['{apps,libs,temporal,prisma,tools}/**/*.integration.spec.ts'],
          exclude,
          setupFiles: ['reflect-metadata'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['{apps,tools}/**/*.e2e.spec.ts'],
          exclude: [...exclude, ...KILLS],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'kills',
          environment: 'node',
          include: KILLS,
          exclude,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
