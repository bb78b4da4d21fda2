import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ERROR_CODES, OperationError } from '@holdfast/contracts';
import { verifyDownload } from '@holdfast/crypto';
import { writeBackupTar } from '@holdfast/engine';
import { openRegisteredRepository } from '@holdfast/temporal/activities';
import type { ActivityDependencies } from '@holdfast/temporal/activities';
import type { Logger } from 'pino';

const DOWNLOAD = /^\/downloads\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

type DownloadDependencies = Pick<ActivityDependencies, 'database' | 'masterKey'>;

/**
 * The worker's internal HTTP: `GET /health`, and `GET /downloads/<backup id>`, which streams a tar to the bearer of a
 * token that the API signed. A failure before the first byte is problem+json; a later one breaks the connection, so
 * that a cut tar never looks whole.
 */
export function createDownloadServer(
  dependencies: DownloadDependencies,
  log: Logger,
  writeTar: typeof writeBackupTar = writeBackupTar,
): Server {
  return createServer((request, response) => {
    answer(dependencies, writeTar, request, response).catch((error: unknown) => fail(response, error, log));
  });
}

async function answer(
  dependencies: DownloadDependencies,
  writeTar: typeof writeBackupTar,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://worker');
  const backupId = DOWNLOAD.exec(pathname)?.[1];
  if (request.method === 'GET' && pathname === '/health') return void response.end('{"status":"ok"}\n');
  if (request.method !== 'GET' || backupId === undefined) {
    throw new OperationError('resource.not_found', 'There is nothing at this address');
  }
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!verifyDownload(dependencies.masterKey, backupId, token, Date.now() / 1000)) {
    throw new OperationError('auth.required', 'The download token is missing, wrong or expired');
  }
  await streamBackup(dependencies, writeTar, backupId, response);
}

async function streamBackup(
  dependencies: DownloadDependencies,
  writeTar: typeof writeBackupTar,
  backupId: string,
  response: ServerResponse,
): Promise<void> {
  const backup = await dependencies.database.backup.findUnique({ where: { id: backupId } });
  if (backup === null) throw new OperationError('resource.not_found', `There is no backup ${backupId}`);
  const repository = await openRegisteredRepository(dependencies, backup.repositoryId);
  const gone = new AbortController();
  response.once('close', () => gone.abort(new OperationError('operation.cancelled', 'The client went away')));
  response.setHeader('content-type', 'application/x-tar');
  response.setHeader('cache-control', 'no-store');
  const { environmentId, manifestSha256 } = backup;
  await writeTar({ repository, environmentId, backupId, manifestSha256 }, response, { signal: gone.signal });
  response.end();
}

function fail(response: ServerResponse, error: unknown, log: Logger): void {
  const code = error instanceof OperationError ? error.code : 'internal.error';
  if (!response.destroyed) log.warn({ code, name: error instanceof Error ? error.name : 'unknown' }, 'download failed');
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { status, title } = ERROR_CODES[code];
  const detail = error instanceof OperationError ? error.message : title;
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, code, detail }));
}
