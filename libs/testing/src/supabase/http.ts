import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A JSON body or a stream, with status and headers. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  stream?: Readable;
}

const MAX_JSON_BYTES = 8 * 1024 * 1024;

/** Sends an answer; what the client still sends is read and dropped, so that it hears the answer. */
export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  request.resume();
  const headers: Record<string, string> = { 'access-control-allow-origin': '*', ...answer.headers };
  if ('json' in answer) {
    const body = JSON.stringify(answer.json);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  response.writeHead(answer.status ?? 200, headers);
  if (!answer.stream || request.method === 'HEAD') {
    answer.stream?.destroy();
    response.end();
    return;
  }
  await pipeline(answer.stream, response);
}

/** The body as bytes, up to 8 MiB: for what is small by nature. */
async function bodyOf(request: IncomingMessage, limit = MAX_JSON_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Error(`The body is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as a JSON object; an empty body is an empty object. */
export async function jsonOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await bodyOf(request)).toString('utf8');
  const value: unknown = text ? JSON.parse(text) : {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not a JSON object');
  return value as Record<string, unknown>;
}

/** The body as a JSON array. */
export async function jsonArrayOf(request: IncomingMessage): Promise<unknown[]> {
  const value: unknown = JSON.parse((await bodyOf(request)).toString('utf8'));
  if (!Array.isArray(value)) throw new SyntaxError('not a JSON array');
  return value;
}

/** A bearer token of the request, or null. */
export const bearerOf = (request: IncomingMessage): string | null =>
  /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
