import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const entry = (name: string): string => resolve(import.meta.dirname, `src/${name}.ts`);

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../node_modules/.vite/apps/api',
  build: {
    ssr: true,
    outDir: '../../dist/apps/api',
    emptyOutDir: true,
    target: 'node24',
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      input: {
        main: entry('main'),
        'create-owner': entry('create-owner'),
        'openapi-document': entry('openapi-document'),
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  // Our own libraries export TypeScript and are bundled; everything from the registry is loaded from node_modules.
  ssr: { noExternal: [/^@holdfast\//], external: true },
});
