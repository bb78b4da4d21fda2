import { describe, expect, it } from 'vitest';
import { repositoryPath } from './repository-path.ts';

const ROOTS = ['/var/backups', '/mnt/b'];

describe('the path of a repository', () => {
  it.each([
    ['/var/backups/main', '/var/backups/main'],
    ['/var/backups/a/../main/', '/var/backups/main'],
    ['/mnt/b//x/./y//', '/mnt/b/x/y'],
    ['/var/backups/..main', '/var/backups/..main'],
  ])('%s lies below a root, as %s', (given, path) => {
    expect(repositoryPath(given, ROOTS)).toBe(path);
  });

  it.each([
    '/var/backups',
    '/var/backups/',
    '/var/backups-other/x',
    '/var/backups/../../etc',
    '/mnt/b/../c/x',
    '/etc',
    '/',
    'var/backups/x',
    'main',
    '/var/backups/x\0y',
  ])('%s is refused', (given) => {
    const path = () => repositoryPath(given, ROOTS);
    expect(path).toThrow(
      expect.objectContaining({ code: 'repository.path_refused', errors: [expect.objectContaining({ at: 'path' })] }),
    );
  });

  it('is refused everywhere while no root is configured, and the hint says so', () => {
    expect(() => repositoryPath('/var/backups/main', [])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('HOLDFAST_REPOSITORY_ROOTS') }),
    );
  });
});
