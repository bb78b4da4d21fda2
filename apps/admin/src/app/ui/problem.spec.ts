// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import { isPassing, problemIn, problemOf } from './problem.ts';

const told = { type: 'urn:x', title: 'Taken', status: 409, code: 'resource.conflict', detail: 'The name is taken' };

it('is what the API said, also where it was read as text', () => {
  for (const error of [told, JSON.stringify(told)]) {
    expect(problemOf(new HttpErrorResponse({ status: 409, error }))).toEqual(told);
  }
});

it('says so when nothing answered, when something else did, and when the mistake is ours', () => {
  expect(problemOf(new HttpErrorResponse({ status: 0 }))).toMatchObject({ code: 'client.unreachable' });
  const page = new HttpErrorResponse({ status: 502, error: '<html>Bad Gateway</html>' });
  expect(problemOf(page)).toMatchObject({ code: 'client.foreign_answer', status: 502 });
  expect(problemOf(new TypeError('x is undefined'))).toMatchObject({ code: 'client.error', detail: 'x is undefined' });
});

it('says of an id that is none what is said of one that nothing has', () => {
  const errors = [{ at: 'id', message: 'is no UUID' }];
  const invalid = { ...told, status: 400, code: 'request.invalid', errors };
  const inRead = (url: string, error: object) =>
    problemIn({ isLoading: () => false, error: () => new HttpErrorResponse({ status: 400, url, error }) } as never);
  const found = { code: 'resource.not_found', status: 404, detail: 'There is no operation not sense' };
  expect(inRead('https://a.example/api/v1/progress/not%20sense', invalid)).toMatchObject(found);
  expect(inRead('https://a.example/api/v1/backup/x/contents?limit=1', invalid)).toEqual(invalid);
  const other = { ...invalid, errors: [{ at: 'limit', message: 'too large' }] };
  expect(inRead('https://a.example/api/v1/backup/x?limit=9', other)).toEqual(other);
});

it('passes by itself only where nothing has to be changed', () => {
  expect(isPassing(problemOf(new HttpErrorResponse({ status: 0 })))).toBe(true);
  expect(isPassing({ ...told, status: 503 })).toBe(true);
  expect(isPassing(told)).toBe(false);
});
