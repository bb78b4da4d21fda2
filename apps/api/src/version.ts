import { createRequire } from 'node:module';

// The root package.json, as far from here as it is from dist/apps/api.
const packageJson = createRequire(import.meta.url)('../../../package.json') as { version: string };

/** The version of this product. */
export const VERSION = packageJson.version;
