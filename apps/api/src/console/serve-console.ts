import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import sirv from 'sirv';
import type { Config } from '../config.ts';
import { styleNonceOf } from './content-security.ts';

/** Where `npm run build` puts the console, as far from dist/apps/api as the API is from it. */
const BUILT_BESIDE_US = resolve(import.meta.dirname, '../admin/browser');
/** What the console's index.html has in place of a nonce; see apps/admin/src/index.html. */
const NONCE_PLACEHOLDER = 'holdfast-style-nonce';
/** The build puts a hash of their content into the names of these, which can then be kept for ever. */
const HASHED_NAME = /^\/(?:(?:chunk|main|styles)-[\w-]{8}\.(?:js|css)|media\/[^/]+-[\w-]{8}\.\w+)$/;

const NOT_BUILT = `The console is not built.

Run \`npm run build\`, or let HOLDFAST_CONSOLE_DIRECTORY name the directory that holds its index.html, and start the API
again.
The REST interface is at /api/v1, and its documentation at /api/docs.
`;

const isApi = (path: string): boolean => path === '/api' || path.startsWith('/api/');
const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** A page that somebody opens, and not a file that a page asks for: a script that is gone must not become HTML. */
const wantsPage = ({ headers }: Request): boolean => headers.accept?.includes('text/html') ?? false;

/**
 * Serves the built console outside /api: its files, and its index.html at every other address, whose page is found in
 * the browser. Files are listed once, here, so that no path leads out of the directory.
 */
export async function serveConsole(app: NestExpressApplication, config: Config): Promise<void> {
  const directory = config.HOLDFAST_CONSOLE_DIRECTORY ?? BUILT_BESIDE_US;
  const page = await readFile(join(directory, 'index.html'), 'utf8').catch(() => null);
  if (page === null) new Logger('console').warn(`There is no built console in ${directory}`);
  const sendPage = page === null ? sendNotBuilt : pageSender(page);
  const files = page === null ? skip : filesOf(directory);
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (!isRead(request.method) || isApi(request.path)) return next();
    const otherwise = (): void => (wantsPage(request) ? sendPage(request, response) : next());
    // The bare page has no nonce: it is never sent as a file.
    if (request.path === '/' || request.path === '/index.html') otherwise();
    else files(request, response, otherwise);
  });
}

const skip: RequestHandler = (_request, _response, next) => next();

const sendNotBuilt = (_request: Request, response: Response): void => {
  response.status(404).type('text/plain').setHeader('Cache-Control', 'no-store');
  response.send(NOT_BUILT);
};

const pageSender = (page: string) => (_request: Request, response: Response) => {
  response.type('html').setHeader('Cache-Control', 'no-store');
  response.send(page.replaceAll(NONCE_PLACEHOLDER, styleNonceOf(response)));
};

const filesOf = (directory: string): RequestHandler =>
  sirv(directory, {
    brotli: true,
    gzip: true,
    etag: true,
    extensions: [],
    setHeaders: (response, path) => {
      const lasting = HASHED_NAME.test(path);
      response.setHeader('Cache-Control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
