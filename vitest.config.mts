import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/dist/**', '**/.holdfast/**'];

/** Integration tests of what a process has only once: nestjs-pino's first logger, a module that is mocked. */
const ALONE = ['apps/api/src/secrets.integration.spec.ts', 'libs/engine/src/backup/wrong-clients.integration.spec.ts'];

/** In a real browser. */
const CONSOLE = 'apps/e2e/src/console*.e2e.spec.ts';

// The other spec files share a worker and its modules: to load Nest and ourselves anew for each was a third of the work.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          isolate: false,
          environment: 'node',
          include: ['{apps,libs,temporal,prisma,tools,docker,docs}/**/*.spec.ts'],
          exclude: [...exclude, '**/*.integration.spec.ts', '**/*.e2e.spec.ts'],
          setupFiles: ['reflect-metadata'],
        },
      },
      {
        test: {
          name: 'integration',
          isolate: false,
          environment: 'node',
          include: ['{apps,libs,temporal,prisma,tools}/**/*.integration.spec.ts'],
          exclude: [...exclude, ...ALONE],
          setupFiles: ['reflect-metadata'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'alone',
          environment: 'node',
          include: ALONE,
          isolate: true,
          setupFiles: ['reflect-metadata'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          isolate: false,
          environment: 'node',
          include: ['{apps,tools}/**/*.e2e.spec.ts'],
          exclude: [...exclude, CONSOLE],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'console',
          isolate: false,
          environment: 'node',
          include: [CONSOLE],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Of what a page comes to by itself: on a machine with more to do, a second is soon over.
          expect: { poll: { timeout: 15_000 } },
        },
      },
    ],
  },
});
