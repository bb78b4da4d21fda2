import { expect, it } from 'vitest';
import { textOn } from './page-context.ts';

it('writes on any colour so that it can be read', () => {
  expect(['#c62828', '#0d47a1', '#000000', '#2e7d32'].map(textOn)).toEqual(['#fff', '#fff', '#fff', '#fff']);
  expect(['#ffeb3b', '#ffffff', '#4fc3f7'].map(textOn)).toEqual(['#000', '#000', '#000']);
});
