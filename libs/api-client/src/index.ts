import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.ts';

export type { components, operations, paths } from './schema.ts';

/** RFC 9457, as every error of the API is told. */
export type Problem = components['schemas']['Problem'];

/** A typed client: every path, parameter, body and answer as the API's document says. */
export type ApiClient = Client<paths>;

/** Where the API is, such as `http://127.0.0.1:3000`, and the bearer token to send (a session's or an API token). */
export interface ApiClientOptions {
  baseUrl: string;
  token?: string;
  /** In place of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Makes a client; a call never throws for an answer of the API: look at `data` and `error`. */
export const createApiClient = ({ baseUrl, token, fetch }: ApiClientOptions): ApiClient =>
  createClient<paths>({
    baseUrl: baseUrl.replace(/\/+$/, ''),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(fetch === undefined ? {} : { fetch }),
  });

/** The problem in the `error` of an answer; null when something else answered, such as a proxy. */
export function problemOf(error: unknown): Problem | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, status, title } = error as Partial<Problem>;
  const whole = typeof code === 'string' && typeof status === 'number' && typeof title === 'string';
  return whole ? (error as Problem) : null;
}
