import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLog } from './bounded-log.ts';

it('keeps the newest lines in at most two files of the limit', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-log-'));
  const file = join(dir, 'api.log');
  const log = openLog(file, 1_000);
  for (let at = 0; at < 500; at += 1) log.write(`line ${at}`);
  log.close();
  expect((await readdir(dir)).sort()).toEqual(['api.log', 'api.log.1']);
  const text = (await readFile(`${file}.1`, 'utf8')) + (await readFile(file, 'utf8'));
  expect(text.length).toBeLessThan(2_100);
  const numbers = text
    .trim()
    .split('\n')
    .map((line) => Number(line.slice(5)));
  expect(numbers.at(-1)).toBe(499);
  expect(numbers).toEqual(numbers.map((_, index) => 500 - numbers.length + index));
  await rm(dir, { recursive: true });
});

it('goes on where an earlier run stopped', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-log-'));
  for (const word of ['first', 'second']) {
    const log = openLog(join(dir, 'api.log'));
    log.write(word);
    log.close();
  }
  expect(await readFile(join(dir, 'api.log'), 'utf8')).toBe('first\nsecond\n');
  await rm(dir, { recursive: true });
});
