import { OperationError } from '@holdfast/contracts';

/** The REST interface of a running Holdfast, and who asks; null: nobody yet. */
export interface Api {
  url: string;
  token: string | null;
}

/** A body, and the version that a change of it must name. */
export interface Found {
  answer: Record<string, unknown>;
  etag: string | null;
}

/** Signs in over REST; answers a bearer token. */
export async function signIn(apiUrl: string, email: string, password: string): Promise<string> {
  const { answer } = await send({ url: apiUrl, token: null }, 'POST', 'auth/sign-in', {
    ...{ email, password, kind: 'token' },
  });
  return String(answer['token']);
}

/** Makes something of a name, unless it is there already; answers its id. */
export async function ensure(
  api: Api,
  path: string,
  body: { name: string; [field: string]: unknown },
): Promise<string> {
  try {
    return String((await send(api, 'POST', path, body)).answer['id']);
  } catch (error) {
    // A start that was killed right after the answer finds the name taken: by its own work.
    if (!(error instanceof RefusedRequest) || error.status !== 409) throw error;
    const { answer } = await send(api, 'GET', `${path}?limit=100`);
    const found = (answer['items'] as { id: string; name: string }[]).find((item) => item.name === body.name);
    if (!found) throw error;
    return found.id;
  }
}

/** What is at a path; null: nothing. */
export const find = (api: Api, path: string): Promise<Found | null> =>
  send(api, 'GET', path).catch((error: unknown) => {
    if (error instanceof RefusedRequest && error.status === 404) return null;
    throw error;
  });

/** Changes fields of what was found. */
export const change = (api: Api, path: string, found: Found, fields: object): Promise<unknown> =>
  send(api, 'PATCH', path, fields, { 'if-match': found.etag ?? '' });

class RefusedRequest extends OperationError {
  readonly status: number;

  constructor(what: string, status: number, text: string) {
    super('internal.error', `${what} answered ${status}: ${text.slice(0, 500)}`);
    this.status = status;
  }
}

async function send(
  api: Api,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Found> {
  const response = await fetch(`${api.url}/api/v1/${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(api.token && { authorization: `Bearer ${api.token}` }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new RefusedRequest(`${method} ${path}`, response.status, text);
  return { answer: JSON.parse(text) as Record<string, unknown>, etag: response.headers.get('etag') };
}
