import { defineConfig } from 'vitest/config';

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
          exclude,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
