import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import type { HelmetOptions } from 'helmet';

/** Swagger UI's page carries its own small style sheets, without a nonce. */
const isDocs = (path: string): boolean => path === '/api/docs' || path.startsWith('/api/docs/');

/** The nonce of one answer: only style elements that carry it apply. */
export function styleNonceOf(response: Response): string {
  const locals = response.locals as { styleNonce?: string };
  return (locals.styleNonce ??= randomBytes(16).toString('base64'));
}

const styleSource = (request: IncomingMessage, response: ServerResponse): string =>
  isDocs((request as Request).path) ? "'unsafe-inline'" : `'nonce-${styleNonceOf(response as Response)}'`;

/** What our pages may load: from here alone, no inline script, no page of others around them. */
export const contentSecurityPolicy: HelmetOptions['contentSecurityPolicy'] = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    baseUri: ["'self'"],
    // WebSockets to the same host are of the same origin.
    connectSrc: ["'self'"],
    fontSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    scriptSrc: ["'self'"],
    scriptSrcAttr: ["'none'"],
    styleSrc: ["'self'", styleSource],
    // `upgrade-insecure-requests` is left out: it would break installations that are reached over plain HTTP.
  },
};
