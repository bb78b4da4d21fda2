import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const names = async (path: string): Promise<string[]> => {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Ids of the backups whose manifest is in a repository's directory. */
export async function manifestsIn(repositoryDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const environment of await names(join(repositoryDir, 'backups'))) {
    for (const backup of await names(join(repositoryDir, 'backups', environment))) {
      const files = await names(join(repositoryDir, 'backups', environment, backup));
      if (files.includes('manifest.json')) found.push(backup);
    }
  }
  return found.sort();
}
