// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import { Submission } from './submission.ts';

const noAnswer = () => Promise.reject(new HttpErrorResponse({ status: 0 }));
const refused = () => {
  const error = {
    type: 'x',
    title: 'Bad',
    status: 400,
    code: 'request.invalid',
    detail: 'Bad',
    errors: [{ at: 'name', message: 'is empty' }],
  };
  return Promise.reject(new HttpErrorResponse({ status: 400, error }));
};

it('does nothing for a second click while it runs', async () => {
  const submission = new Submission();
  let calls = 0;
  let finish = (): void => undefined;
  const act = () => {
    calls += 1;
    return new Promise<string>((done) => (finish = () => done('started')));
  };
  const first = submission.run({}, act);
  expect(submission.busy()).toBe(true);
  expect(await submission.run({}, act)).toBeNull();
  finish();
  expect([await first, calls, submission.busy()]).toEqual(['started', 1, false]);
});

it('keeps its idempotency key while no answer came, and only for the same thing', async () => {
  const submission = new Submission();
  const keys: string[] = [];
  const noting = (then: () => Promise<unknown>) => (key: string) => {
    keys.push(key);
    return then();
  };
  await submission.run({ name: 'a' }, noting(noAnswer));
  await submission.run({ name: 'a' }, noting(noAnswer));
  await submission.run({ name: 'b' }, noting(refused));
  await submission.run(
    { name: 'b' },
    noting(() => Promise.resolve()),
  );
  await submission.run(
    { name: 'b' },
    noting(() => Promise.resolve()),
  );
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(new Set(keys).size).toBe(4);
});

it('keeps what the API said about each field until it is run again', async () => {
  const submission = new Submission();
  expect(await submission.run({}, refused)).toBeNull();
  expect(submission.problem()?.detail).toBe('Bad');
  expect(submission.fieldErrors().get('name')).toBe('is empty');
  expect(await submission.run({}, () => Promise.resolve(1))).toBe(1);
  expect([submission.problem(), submission.fieldErrors().size]).toEqual([null, 0]);
});
