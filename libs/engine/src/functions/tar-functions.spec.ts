import { expect, it } from 'vitest';
import type { FunctionListArtifact } from '../manifest/manifest.ts';
import { tarPath } from './tar-functions.ts';

it.each([
  ['greet', 'functions/greet/index.ts'],
  ['../../x', 'functions/%2E%2E/%2E%2E/x/index.ts'],
  ['/etc', 'functions/%/etc/index.ts'],
])('a function called %j lies at %s of a tar', (slug, at) => {
  // only the origin counts
  const list = { origin: 'management' } as FunctionListArtifact;
  expect(tarPath(list, slug, { path: 'index.ts' })).toBe(at);
});
