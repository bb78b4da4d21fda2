import type { FunctionListArtifact } from '../manifest/manifest.ts';
import type { FunctionEntry, FunctionFile } from './function-list.ts';

/** A name that every program takes for one below its folder. */
const safeName = (name: string): string => {
  if (name === '' || name === '.' || name === '..') return name.replaceAll('.', '%2E') || '%';
  return name.replaceAll('\0', '%00');
};

/** Where a file of a function lies in a tar; the list beside it has its true path. */
export function tarPath(list: FunctionListArtifact, slug: string | null, { path }: Pick<FunctionFile, 'path'>): string {
  const folder = list.origin === 'management' && slug !== null ? slug.split('/') : [];
  return ['functions', ...folder, ...path.split('/')].map(safeName).join('/');
}

/** A line about a function for somebody who has only the tar. */
export const tarLine = (list: FunctionListArtifact, { files, ...entry }: FunctionEntry): string =>
  `${JSON.stringify({
    ...entry,
    files: files?.map((file) => ({
      ...{ file: tarPath(list, entry.slug, file), path: file.path, size: file.size, sha256: file.sha256 },
    })),
  })}\n`;
