import { expect, expectTypeOf, it } from 'vitest';
import { createApiClient, problemOf, type Problem } from './index.ts';

/** A client whose requests end here. */
function clientOf(answer: Response) {
  const seen: Request[] = [];
  const client = createApiClient({
    baseUrl: 'http://api.invalid/',
    token: 'hf_x',
    fetch: (request) => {
      seen.push(request);
      return Promise.resolve(answer);
    },
  });
  return { client, seen };
}

it('sends the token, and repeats a parameter that is a list', async () => {
  const { client, seen } = clientOf(Response.json({ items: [], nextCursor: null }));
  const { data } = await client.GET('/api/v1/backup', { params: { query: { tags: ['a', 'b'], limit: 2 } } });
  expect(seen[0]?.url).toBe('http://api.invalid/api/v1/backup?tags=a&tags=b&limit=2');
  expect(seen[0]?.headers.get('authorization')).toBe('Bearer hf_x');
  expectTypeOf(data?.nextCursor).toEqualTypeOf<string | null | undefined>();
});

it('gives an error back as the problem that it is', async () => {
  const problem = { type: 'urn:x', title: 'Taken', status: 409, code: 'resource.conflict', detail: 'Taken' };
  const answer = new Response(JSON.stringify(problem), {
    status: 409,
    headers: { 'content-type': 'application/problem+json' },
  });
  const { client } = clientOf(answer);
  const { error } = await client.POST('/api/v1/environments', {
    body: { name: 'x', kind: 'postgres', production: false },
  });
  expectTypeOf(problemOf(error)).toEqualTypeOf<Problem | null>();
  expect(problemOf(error)).toEqual(problem);
});

it('knows what is no problem of ours', () => {
  for (const other of [undefined, null, 'text', {}, { code: 1, status: 500, title: 'x' }])
    expect(problemOf(other)).toBeNull();
});
