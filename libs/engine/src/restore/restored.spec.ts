import { OperationError } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { failureOf } from '../engine-under-test.ts';
import { afterDatabase } from './restored.ts';

const done = { database: 'app', keptDatabase: 'app_before_1', quarantine: { count: 2 } };
const after = (signal: AbortSignal, error: unknown, of: Parameters<typeof afterDatabase>[0] = done) =>
  afterDatabase(of, 'functions are', signal, () => Promise.reject(error));
const { signal } = new AbortController();

it('a failure after the database says that it is restored, where the one before is, and what is off', async () => {
  const error = new OperationError('management.unreachable', 'No answer', { hint: 'Wait.' });
  expect(await failureOf(after(signal, error))).toMatchObject({
    ...{ code: 'management.unreachable', retryable: true },
    message: 'The database is restored, its functions are not: No answer',
    hint: expect.stringMatching(/^Wait\. .*app_before_1.*\/release/),
  });
  const nothing = { database: 'app', keptDatabase: null, quarantine: { count: 0 } };
  expect((await failureOf(after(signal, error, nothing))).hint).toBe('Wait.');
});

it('a cancel after the database says so too', async () => {
  expect(await failureOf(after(AbortSignal.abort(), new Error('aborted')))).toMatchObject({
    code: 'operation.cancelled',
    message: expect.stringMatching(/database is restored, its functions are not\. .*app_before_1.*\/release/),
  });
});

it('what nobody expected stays what it is', async () => {
  const unexpected = new TypeError('x');
  await expect(after(signal, unexpected)).rejects.toBe(unexpected);
});
