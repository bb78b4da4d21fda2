import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { isErrorCode, OperationError, type ErrorCode } from '@holdfast/contracts';
import type { Request, Response } from 'express';
import { isDatabaseAway } from '../database/database-errors.ts';
import { loggableError } from './loggable-error.ts';
import { PROBLEM_MEDIA_TYPE, problemOf, statusOf } from './problem.ts';

const RETRY_AFTER_SECONDS = 5;

const CODE_OF_STATUS: Record<number, ErrorCode> = {
  400: 'request.invalid',
  401: 'auth.required',
  403: 'auth.forbidden',
  404: 'resource.not_found',
  413: 'request.too_large',
  429: 'rate.limited',
};

/** Any error as one of ours; what was not foreseen reveals nothing. */
export function asOperationError(error: unknown): OperationError {
  if (error instanceof OperationError && isErrorCode(error.code)) return error;
  const status = error instanceof HttpException ? error.getStatus() : (error as { status?: unknown } | null)?.status;
  const code = typeof status === 'number' ? CODE_OF_STATUS[status] : undefined;
  if (code !== undefined) return new OperationError(code, messageOf(code), { cause: error });
  if (isDatabaseAway(error)) {
    return new OperationError('database.unavailable', 'The database of this installation does not answer', {
      cause: error,
    });
  }
  return new OperationError('internal.error', 'The request could not be answered', {
    hint: 'The log of the API has the reason under this request.',
    cause: error,
  });
}

/** Words of our own: those of the library that threw may quote the request. */
function messageOf(code: ErrorCode): string {
  if (code === 'resource.not_found') return 'There is nothing at this address';
  if (code === 'request.too_large') return 'The body is larger than this API reads';
  return code === 'request.invalid' ? 'The request cannot be read; is its body valid JSON?' : 'The request is refused';
}

/** Every error leaves as problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('problem');

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    const request = http.getRequest<Request & { id?: string }>();
    const response = http.getResponse<Response>();
    const known = asOperationError(error);
    const status = statusOf(known.code);
    if (known.code === 'internal.error') this.log.error({ err: loggableError(error), msg: 'not foreseen' });
    else if (status >= 500) this.log.warn(`${known.code}: ${known.message}`);
    if (response.headersSent) {
      // Half an answer must not look like a whole one.
      response.destroy();
      return;
    }
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="holdfast"');
    if (status === 503 && !response.hasHeader('Retry-After')) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    for (const header of ['ETag', 'Content-Disposition', 'Content-Length']) response.removeHeader(header);
    response
      .status(status)
      .type(PROBLEM_MEDIA_TYPE)
      .send(JSON.stringify(problemOf(known, request.id ?? null)));
  }
}
