import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../node_modules/.vite/apps/worker',
  build: {
    ssr: 'src/main.ts',
    outDir: '../../dist/apps/worker',
    emptyOutDir: true,
    target: 'node24',
    sourcemap: true,
    minify: false,
  },
  // Our own libraries export TypeScript and are bundled; everything from the registry is loaded from node_modules.
  ssr: { noExternal: [/^@holdfast\//], external: true },
});
