import { expect, it } from 'vitest';
import { keptWords, removalWords } from './environment-words.ts';

it('say how many backups keep an environment, and that removing it deletes none', () => {
  expect(keptWords('shop', 1)).toEqual({
    title: 'shop has 1 backup',
    text: expect.stringMatching(/^It cannot be removed while a backup of it is in the catalog\..*deletes no backup\.$/),
  });
  expect(keptWords('shop', 12)).toEqual({
    title: 'shop has 12 backups',
    text: expect.stringMatching(/^It cannot be removed while backups of it are in the catalog\..*deletes no backup\.$/),
  });
});

it('say of one without backups what goes and what stays', () => {
  const { title, text } = removalWords('shop');
  expect(title).toBe('Remove shop?');
  expect(text).toMatch(/^No backup of shop is kept\. .*password and keys too\. .*operations and audit entries stay\.$/);
});
