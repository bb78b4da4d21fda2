import { request as ask, type IncomingMessage } from 'node:http';
import { bearerOf, type Answer } from '../http.ts';
import type { ProjectTokens } from '../tokens.ts';
import { startProgram, type RunningProgram } from './deno.ts';
import type { FunctionSources, ServedFunction } from './function-sources.ts';

export interface FunctionsOptions {
  sources: FunctionSources;
  tokens: ProjectTokens;
  /** Where Deno keeps what it compiled. */
  cacheDir: string;
  /** What a function finds in its environment. */
  env: () => Promise<Record<string, string>>;
}

/** The project's functions, served below `/functions/v1`. */
export interface FunctionsApi {
  answer(request: IncomingMessage, path: string): Promise<Answer>;
  close(): Promise<void>;
}

interface Started {
  version: string;
  running: Promise<RunningProgram>;
}

const refusal = (status: number, code: string, message: string): Answer => ({ status, json: { code, message } });
/** Said between two connections only: never passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

/** Runs each function as a process of its own, started at its first request and anew when its sources changed. */
export function startFunctionsApi(o: FunctionsOptions): FunctionsApi {
  const started = new Map<string, Started>();
  let closed = false;

  async function stop({ running }: Started): Promise<void> {
    const program = await running.catch(() => null);
    await program?.child.stop('SIGTERM', 1_000);
  }

  async function programOf(slug: string, served: ServedFunction): Promise<RunningProgram> {
    const before = started.get(slug);
    const program = await before?.running.catch(() => null);
    if (before?.version === served.version && program?.child.running()) return program;
    if (closed) throw new Error('The server stops');
    // another request may have started it while we looked
    const now = started.get(slug);
    if (now && now !== before) return now.running;
    const { root, entrypoint, importMap } = served;
    const begun = o.env().then((env) => startProgram({ root, entrypoint, importMap, env, cacheDir: o.cacheDir }));
    started.set(slug, { version: served.version, running: begun });
    if (before) void stop(before);
    return begun;
  }

  return {
    async answer(request, path) {
      const slug = /^\/([^/?]+)/.exec(path)?.[1] ?? '';
      const served = await o.sources(slug);
      if (!served) return refusal(404, 'NOT_FOUND', 'Requested function was not found');
      const refused = served.verifyJwt && request.method !== 'OPTIONS' ? await refuse(o.tokens, request) : null;
      if (refused) return refused;
      try {
        return await passOn(request, path, (await programOf(slug, served)).port);
      } catch (error) {
        const message = `Function failed to start (please check logs): ${error instanceof Error ? error.message : ''}`;
        return refusal(503, 'BOOT_ERROR', message);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...started.values()].map(stop));
    },
  };
}

async function refuse(tokens: ProjectTokens, request: IncomingMessage): Promise<Answer | null> {
  const token = bearerOf(request);
  if (token === null) return { status: 401, json: { code: 401, message: 'Missing authorization header' } };
  return tokens.open(token).then(
    () => null,
    () => ({ status: 401, json: { code: 401, message: 'Invalid JWT' } }),
  );
}

function passOn(request: IncomingMessage, path: string, port: number): Promise<Answer> {
  return new Promise((done, fail) => {
    const { method, headers } = request;
    const onward = ask({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
      const values = kept.map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
      done({ status: answer.statusCode ?? 502, headers: Object.fromEntries(values), stream: answer });
    });
    onward.once('error', fail);
    request.pipe(onward);
  });
}
