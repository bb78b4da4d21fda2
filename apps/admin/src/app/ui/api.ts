import { HttpClient, httpResource, type HttpResourceRef } from '@angular/common/http';
import { effect, inject, Injectable, untracked } from '@angular/core';
import type { components, paths } from '@holdfast/api-client';
import { firstValueFrom, fromEvent, takeUntil } from 'rxjs';

/** The schemas of the API's document by name, such as `Schemas['Operation']`. */
export type Schemas = components['schemas'];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** The paths that answer this method. */
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];

type Json<R> = R extends { content: { 'application/json': infer T } } ? T : void;
/** What a method answers when it succeeds. */
export type Answer<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R }
  ? { [S in keyof R]: S extends 200 | 201 | 202 | 204 ? Json<R[S]> : never }[keyof R]
  : never;

type Part<O, K extends string> = O extends { parameters: infer X } ? (K extends keyof X ? X[K] : undefined) : undefined;
type Body<O> = O extends { requestBody?: infer R }
  ? NonNullable<R> extends { content: { 'application/json': infer B } }
    ? B
    : undefined
  : undefined;
/** Left out where the document has none, optional where it may be absent. */
type Given<K extends string, T> = [NonNullable<T>] extends [never]
  ? { [k in K]?: undefined }
  : undefined extends T
    ? { [k in K]?: T }
    : { [k in K]: T };

/** Path parameters, query and body of a call, as the API's document has them. */
export type Call<P extends keyof paths, M extends Method> = Given<'path', Part<paths[P][M], 'path'>> &
  Given<'query', Part<paths[P][M], 'query'>> &
  Given<'body', Body<paths[P][M]>>;

/** How a call is made, beside what it says. */
export interface CallOptions {
  signal?: AbortSignal;
  /** The same key for the same intention: a repeated call then starts nothing twice. */
  idempotencyKey?: string;
  /** The version of what is changed; the API refuses when somebody else was faster. */
  ifMatch?: number;
  /** Where the API itself may take longer than most answers do. */
  timeoutMs?: number;
}

interface AnyCall {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

const TIMEOUT_MS = 30_000;

const addressOf = (path: string, { path: parameters = {} }: AnyCall): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])));

type QueryValue = string | number | boolean;
const queryOf = ({ query = {} }: AnyCall): Record<string, QueryValue | QueryValue[]> =>
  Object.fromEntries(
    Object.entries(query).filter((entry): entry is [string, QueryValue | QueryValue[]] => entry[1] != null),
  );

/**
 * A GET as a signal resource, asked again whenever `call` answers something else; an older request is then aborted. Told
 * to reload while it reads, it reads once more afterwards. In an injection context.
 * `undefined` means: not yet.
 */
export function apiResource<P extends PathsWith<'get'>>(
  path: P,
  call: () => Call<P, 'get'> | undefined,
): HttpResourceRef<Answer<P, 'get'> | undefined> {
  const read = httpResource<Answer<P, 'get'>>(() => {
    const said = call() as AnyCall | undefined;
    return said && { url: addressOf(path, said), params: queryOf(said), timeout: TIMEOUT_MS };
  });
  const reload = read.reload.bind(read);
  let wanted = false;
  effect(() => {
    if (read.isLoading() || !wanted) return;
    wanted = false;
    untracked(reload);
  });
  return Object.assign(read, {
    // What is on its way may be of before the change that it is asked for again for.
    reload: () => reload() || (wanted = read.isLoading()),
  });
}

/** Calls of the API by path, with types of its document. They reject with Angular's error: see `problemOf`. */
@Injectable({ providedIn: 'root' })
export class Api {
  private readonly http = inject(HttpClient);

  get<P extends PathsWith<'get'>>(path: P, call: Call<P, 'get'>, options: CallOptions = {}): Promise<Answer<P, 'get'>> {
    return this.request<Answer<P, 'get'>>('get', path, call as AnyCall, options);
  }

  /** Whether a GET would be answered. What is wrong is not said: an answer to HEAD has no body. */
  async head<P extends PathsWith<'get'>>(path: P, call: Call<P, 'get'>): Promise<void> {
    await this.request('head', path, call as AnyCall, {});
  }

  send<M extends Exclude<Method, 'get'>, P extends PathsWith<M>>(
    method: M,
    path: P,
    call: Call<P, M>,
    options: CallOptions = {},
  ): Promise<Answer<P, M>> {
    return this.request<Answer<P, M>>(method, path, call as AnyCall, options);
  }

  private request<T>(method: Method | 'head', path: string, call: AnyCall, options: CallOptions): Promise<T> {
    const headers = {
      ...(options.idempotencyKey !== undefined && { 'Idempotency-Key': options.idempotencyKey }),
      ...(options.ifMatch !== undefined && { 'If-Match': `"${options.ifMatch}"` }),
    };
    const answer = this.http.request<T>(method, addressOf(path, call), {
      ...{ body: call.body, params: queryOf(call), headers, timeout: options.timeoutMs ?? TIMEOUT_MS },
    });
    const { signal } = options;
    return firstValueFrom(signal ? answer.pipe(takeUntil(fromEvent(signal, 'abort'))) : answer);
  }
}
