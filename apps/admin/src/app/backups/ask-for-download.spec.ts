// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import type { Api } from '../ui/api.ts';
import { problemOf } from '../ui/problem.ts';
import { askForDownload } from './ask-for-download.ts';

const gone = { type: 'x', title: 'Not found', status: 404, code: 'resource.not_found', detail: 'There is no backup b' };

/** An API that answers HEAD with these statuses, one after the other, and the backup itself unless it is refused. */
function answering(heads: number[], refusal?: { status: number; error: unknown }) {
  const asked: string[] = [];
  const api = {
    head: () => {
      const status = heads[asked.length === 0 ? 0 : 1] ?? 200;
      asked.push('head');
      // As of every HEAD: there is no body.
      return status === 200 ? Promise.resolve() : Promise.reject(new HttpErrorResponse({ status, error: null }));
    },
    get: () => {
      asked.push('get');
      return refusal ? Promise.reject(new HttpErrorResponse(refusal)) : Promise.resolve({ name: 'nightly' });
    },
  } as unknown as Pick<Api, 'get' | 'head'>;
  return { api, asked };
}

const problemWith = (api: Pick<Api, 'get' | 'head'>) => askForDownload(api, 'b').then(() => null, problemOf);

it('asks once where nothing is wrong, and once where nobody answers', async () => {
  for (const [status, code] of [
    [200, undefined],
    [0, 'client.unreachable'],
  ] as const) {
    const { api, asked } = answering([status]);
    expect([(await problemWith(api))?.code, asked]).toEqual([code, ['head']]);
  }
});

it('says in the words of the API why there is nothing to download', async () => {
  const { api } = answering([404], { status: 404, error: gone });
  expect(await problemWith(api)).toEqual(gone);
});

it('goes on once somebody has signed in again, which reading the backup asks for', async () => {
  const { api, asked } = answering([401, 200]);
  expect([await problemWith(api), asked]).toEqual([null, ['head', 'get', 'head']]);
});

it.each([
  [409, 'resource.in_use', 'nightly is being removed'],
  [403, 'auth.forbidden', 'Your role does not include downloading backups'],
  [502, 'client.foreign_answer', "The answer (502) is not one of Holdfast's API."],
])('tells what is wrong with the download alone: %i', async (status, code, detail) => {
  const { api } = answering([status, status]);
  expect(await problemWith(api)).toMatchObject({ status, code, detail });
});
