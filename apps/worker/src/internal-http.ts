import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ERROR_CODES, OperationError } from '@holdfast/contracts';
import { verifyWorkerToken } from '@holdfast/crypto';
import { writeBackupTar } from '@holdfast/engine';
import type { ActivityDependencies } from '@holdfast/temporal/activities';
import type { Logger } from 'pino';
import { ContentsReader } from './contents.ts';
import { streamBackup } from './downloads.ts';

const ADDRESS = /^\/(downloads|contents|objects)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

type InternalDependencies = Pick<ActivityDependencies, 'database' | 'masterKey'>;

/** One request that was let in: which backup, what is asked of it, and where the answer goes. */
interface Asked {
  backupId: string;
  query: URLSearchParams;
  response: ServerResponse;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

type Answers = Record<'downloads' | 'contents' | 'objects', (asked: Asked) => Promise<void>>;

/**
 * The worker's internal HTTP: `GET /health`; `GET /downloads/<backup id>`, which streams a tar; `GET /contents/…` and
 * `GET /objects/…`, which tell what is inside. All but the first want a token that the API signed. A failure before the
 * first byte is problem+json; a later one breaks the connection, so that a cut tar never looks whole.
 */
export function createInternalServer(
  dependencies: InternalDependencies,
  log: Logger,
  writeTar: typeof writeBackupTar = writeBackupTar,
): Server {
  const reader = new ContentsReader(dependencies);
  const answers: Answers = {
    downloads: ({ backupId, response, signal }) =>
      streamBackup({ ...dependencies, writeTar }, backupId, response, signal),
    contents: async ({ backupId, query, response, signal }) =>
      sendJson(response, await reader.contents(backupId, query, signal)),
    objects: async ({ backupId, query, response, signal }) =>
      sendJson(response, await reader.objects(backupId, query, signal)),
  };
  return createServer((request, response) => {
    answer(dependencies, answers, request, response).catch((error: unknown) => fail(response, error, log));
  });
}

async function answer(
  { masterKey }: InternalDependencies,
  answers: Answers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://worker');
  if (request.method === 'GET' && pathname === '/health') return void response.end('{"status":"ok"}\n');
  const [, kind, backupId] = ADDRESS.exec(pathname) ?? [];
  if (request.method !== 'GET' || kind === undefined || backupId === undefined) {
    throw new OperationError('resource.not_found', 'There is nothing at this address');
  }
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const subject = kind === 'downloads' ? backupId : `${kind}/${backupId}`;
  if (!verifyWorkerToken(masterKey, subject, token, Date.now() / 1000)) {
    throw new OperationError('auth.required', 'The token is missing, wrong or expired');
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new OperationError('operation.cancelled', 'The client went away')));
  response.setHeader('cache-control', 'no-store');
  await answers[kind as keyof Answers]({ backupId, query, response, signal: gone.signal });
}

function sendJson(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, error: unknown, log: Logger): void {
  const code = error instanceof OperationError ? error.code : 'internal.error';
  const name = error instanceof Error ? error.name : 'unknown';
  if (!response.destroyed) log.warn({ code, name }, 'a request of the API failed');
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { status, title } = ERROR_CODES[code];
  const detail = error instanceof OperationError ? error.message : title;
  const { hint, errors } = error instanceof OperationError ? error : {};
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, code, detail, hint, errors }));
}
