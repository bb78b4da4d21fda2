import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import type { Options } from 'pino-http';
import type { Config } from '../config.ts';

const NAMES = ['authorization', 'cookie', 'password', 'currentPassword', 'newPassword', 'token', 'sealedPassword'];
const SECRETS = [
  ...NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
];

const REQUEST_ID = /^[\w.:-]{8,100}$/;

/** The caller's request id where it is a harmless one, else a new one; answered in X-Request-Id. */
function requestId(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', id);
  return id;
}

/** pino: one JSON line an answer, without headers and bodies; whatever could be a secret is cut out by name besides. */
export const loggingOf = (config: Config, destination?: DestinationStream): Params => {
  const options: Options = {
    level: config.HOLDFAST_LOG_LEVEL,
    base: { name: 'api', pid: process.pid },
    genReqId: requestId,
    redact: { paths: SECRETS, censor: '[cut out]' },
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
    customLogLevel: (_request, response, error) => (error || response.statusCode >= 500 ? 'warn' : 'info'),
    customSuccessMessage: (request, response) =>
      `${request.method ?? ''} ${request.url?.split('?')[0] ?? ''} ${response.statusCode}`,
  };
  return { pinoHttp: destination === undefined ? options : [options, destination] };
};
