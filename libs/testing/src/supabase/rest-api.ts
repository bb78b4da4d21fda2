import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { App } from '@supabase/lite';
import { PostgresConnection } from '@supabase/lite/postgres';
import type { Answer } from './http.ts';
import type { ProjectTokens } from './tokens.ts';

/** The project's REST API: Supabase's own small server, in this process. */
export interface RestApi {
  answer(request: IncomingMessage): Promise<Answer>;
  close(): Promise<void>;
}

/** `@supabase/lite` on the project's database, asked with the project's own tokens. */
export function startRestApi(target: PostgresTarget, tokens: ProjectTokens): RestApi {
  const { host, port, user, password, database } = target;
  const auth = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const connection = new PostgresConnection({
    url: `postgres://${auth}@${host}:${port}/${encodeURIComponent(database)}`,
    postgresOptions: { max: 4, onnotice: () => undefined },
  });
  // It would make `auth.uid()` anew and grant the API's roles all tables of every schema with policies.
  Object.defineProperty(connection, 'ensureRlsContext', { value: () => Promise.resolve(true) });
  // Its own Auth tables are not those of the real server, so only the tokens' secret is shared.
  const app = new App({ connection, auth: { enabled: true, jwt_secret: tokens.secret } });
  return {
    async answer(request) {
      const response = await app.fetch(webRequest(request), { peerAddress: null });
      const headers = Object.fromEntries(response.headers);
      if (!response.body) return { status: response.status, headers };
      return { status: response.status, headers, stream: Readable.fromWeb(response.body) };
    },
    close: () => connection.close(),
  };
}

function webRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const bodied = !['GET', 'HEAD'].includes(request.method ?? 'GET');
  return new Request(`http://127.0.0.1${request.url}`, {
    method: request.method ?? 'GET',
    headers,
    ...(bodied && { body: Readable.toWeb(request), duplex: 'half' }),
  });
}
