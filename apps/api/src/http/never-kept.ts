import type { NextFunction, Request, Response } from 'express';

/**
 * Nothing that the API answers is kept by browsers or answered with 304. An ETag is the version of what people write, for
 * `If-Match`; other things move without it, such as the proof of a backup and how full a repository is.
 */
export function neverKept(request: Request, response: Response, next: NextFunction): void {
  delete request.headers['if-none-match'];
  response.setHeader('Cache-Control', 'no-store');
  next();
}
