import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import type { Config } from '../config.ts';

const REQUEST_ID = /^[\w.:-]{8,100}$/;

/** The caller's request id where it is a harmless one, else a new one; answered in X-Request-Id. */
function requestId(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', id);
  return id;
}

/** pino on stdout: one JSON line an answer; what could be a secret is cut out by name. */
export const loggingOf = (config: Config): Params => ({
  pinoHttp: {
    level: config.HOLDFAST_LOG_LEVEL,
    base: { name: 'api', pid: process.pid },
    genReqId: requestId,
    redact: {
      paths: [
        'req.headers.authorization',
        'req.headers.cookie',
        'res.headers["set-cookie"]',
        ...['password', 'currentPassword', 'newPassword', 'token', 'url'].flatMap((name) => [
          `body.${name}`,
          `req.body.${name}`,
          `*.body.${name}`,
        ]),
        'password',
        '*.password',
      ],
      censor: '[cut out]',
    },
    serializers: {
      req: (request: { id: string; method: string; url: string; remoteAddress: string }) => ({
        id: request.id,
        method: request.method,
        url: request.url,
        remoteAddress: request.remoteAddress,
      }),
      res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
    },
    autoLogging: { ignore: (request: IncomingMessage) => request.url?.startsWith('/api/health/') ?? false },
    customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) => {
      if (error || response.statusCode >= 500) return 'warn';
      return 'info';
    },
    customSuccessMessage: (request: IncomingMessage, response: ServerResponse) =>
      `${request.method ?? ''} ${request.url?.split('?')[0] ?? ''} ${response.statusCode}`,
  },
});
