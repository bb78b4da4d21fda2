import { OperationError } from '@holdfast/contracts';
import busboy from 'busboy';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebClient, type Refusal, type Service, type WebAddress } from '../web/web-client.ts';

/** Supabase's own; a stand-in or a proxy may be somewhere else. */
export const MANAGEMENT_URL = 'https://api.supabase.com';

/** A project as the Management API knows it, and the token that may ask about it. */
export interface ManagementEndpoint extends WebAddress {
  projectRef: string;
  accessToken: string;
}

/** A function as the API lists it; times are milliseconds. Fields that a server may lack are optional. */
export interface ListedFunction {
  slug: string;
  name: string;
  status?: string;
  version?: number;
  updated_at?: number;
  verify_jwt?: boolean;
  entrypoint_path?: string | null;
  import_map_path?: string | null;
  ezbr_sha256?: string | null;
}

/** What a deploy says about a function besides its files. */
export interface DeployMetadata {
  name: string;
  verify_jwt: boolean;
  entrypoint_path: string;
  import_map_path?: string;
  static_patterns: string[];
}

/** A file of a deploy; its bytes are made anew for each attempt. */
export interface DeployFile {
  path: string;
  size: number;
  body: () => AsyncIterable<Uint8Array>;
}

/** An answer to a question, or the status by which the token may not know it. */
export type Seen<T> = { value: T } | { refused: number };

const SERVICE: Service = {
  name: 'The Management API',
  unreachable: 'management.unreachable',
  refused: 'management.refused',
  hints: {
    unreachable: 'Check the address of the Management API, and that the project is not paused.',
    refused: 'Check the access token and the project ref of the environment.',
  },
};

const MAX_JSON_BYTES = 8 << 20;
/** What a token may not see, or a project does not have; 401 is a token that is not accepted at all. */
const MAY_BE_MISSING = new Set([402, 403, 404, 405, 406]);

/**
 * Asks the Management API about one project. Throws `management.unreachable` when trying again did not help,
 * `management.refused` when the token is not accepted. The token goes into one header, never into a message.
 */
export class ManagementClient {
  private readonly base: string;
  private readonly headers: Record<string, string>;
  private readonly web: WebClient;

  constructor(endpoint: ManagementEndpoint) {
    const { url, projectRef, accessToken } = endpoint;
    const { pathname } = new URL(url);
    this.base = `${pathname.replace(/\/$/, '')}/v1/projects/${encodeURIComponent(projectRef)}`;
    this.headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json' };
    this.web = new WebClient(endpoint, accessToken, SERVICE, 4);
  }

  /** Reads JSON below the project; what the token may not see is an answer, not a failure. */
  async read<T>(path: string, signal: AbortSignal): Promise<Seen<T>> {
    const request = { path: `${this.base}/${path}`, method: 'GET' as const, headers: this.headers, signal };
    const answer = await this.web.request(request);
    if (answer.refusal) return this.refusedOrThrow(answer.refusal);
    return { value: (await this.json(this.web.bytesOf(request, answer))) as T };
  }

  /** Lists the functions. Every project has a list, so one that is not there is no project: `management.refused`. */
  async functions(signal: AbortSignal): Promise<Seen<ListedFunction[]>> {
    const answer = await this.read<ListedFunction[]>('functions', signal);
    if ('refused' in answer && answer.refused === 404)
      throw this.web.refusal({ status: 404, text: 'it knows no such project' });
    return answer;
  }

  /** Changes something below the project. */
  async send(method: 'PATCH' | 'POST' | 'PUT', path: string, value: unknown, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(value);
    const headers = { ...this.headers, 'content-type': 'application/json' };
    await this.web.send({ path: `${this.base}/${path}`, method, headers, body: () => body, signal });
  }

  /**
   * Gives each of a function's files to `take`, one after the other, as it comes; each must be read to its end. Answers
   * with the status when there are none to be had.
   */
  async sources(
    slug: string,
    take: (path: string, bytes: AsyncIterable<Buffer>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<{ refused: number } | null> {
    const headers = { ...this.headers, accept: 'multipart/form-data' };
    const path = `${this.base}/functions/${encodeURIComponent(slug)}/body`;
    const request = { path, method: 'GET' as const, headers, signal };
    const answer = await this.web.request(request);
    if (answer.refusal) return this.refusedOrThrow(answer.refusal);
    const type = String(answer.headers['content-type'] ?? '');
    if (!type.startsWith('multipart/')) {
      await this.web.discard(answer, signal);
      return { refused: 406 };
    }
    const form = busboy({ headers: { 'content-type': type }, preservePath: true, defParamCharset: 'utf8' });
    // one after the other: the next file is not given out before the one before was read
    let taken = Promise.resolve();
    form.on('file', (_name, stream, { filename }) => {
      taken = taken.then(() => take(unquoted(filename ?? ''), stream));
      taken.catch((error: unknown) => form.destroy(error instanceof Error ? error : new Error(String(error))));
    });
    await pipeline(Readable.from(this.web.bytesOf(request, answer)), form, { signal });
    await taken;
    return null;
  }

  /** Deploys a function: its files, and what is said about it. */
  async deploy(slug: string, metadata: DeployMetadata, files: DeployFile[], signal: AbortSignal): Promise<void> {
    const boundary = `holdfast-${randomBytes(18).toString('hex')}`;
    const head = [...multipartHead(boundary, 'metadata', null), JSON.stringify(metadata)].join('');
    const heads = files.map(({ path }) => `\r\n${multipartHead(boundary, 'file', path).join('')}`);
    const end = `\r\n--${boundary}--\r\n`;
    const texts = [head, ...heads, end].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(head);
      for (const [n, file] of files.entries()) {
        yield Buffer.from(heads[n] ?? '');
        yield* file.body();
      }
      yield Buffer.from(end);
    };
    const headers = {
      ...this.headers,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(files.reduce((sum, { size }) => sum + size, texts)),
    };
    const path = `${this.base}/functions/deploy?slug=${encodeURIComponent(slug)}`;
    await this.web.send({
      path,
      method: 'POST',
      headers,
      body: () => Readable.from(body()),
      signal,
    });
  }

  close(): Promise<void> {
    return this.web.close();
  }

  private refusedOrThrow(refusal: Refusal): { refused: number } {
    if (MAY_BE_MISSING.has(refusal.status)) return { refused: refusal.status };
    throw this.web.refusal(refusal);
  }

  private async json(bytes: AsyncIterable<Uint8Array>): Promise<unknown> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of bytes) {
      size += part.length;
      if (size > MAX_JSON_BYTES) throw noJson(`more than ${MAX_JSON_BYTES} bytes`);
      parts.push(part);
    }
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8'));
    } catch (error) {
      throw noJson('no JSON', error);
    }
  }
}

const noJson = (what: string, cause?: unknown): OperationError =>
  new OperationError('management.refused', `The Management API answered with ${what}`, {
    hint: 'Check the address of the Management API.',
    cause,
  });

/** As browsers write names into forms. */
const quoted = (name: string): string => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const unquoted = (name: string): string => name.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n');

function multipartHead(boundary: string, name: string, filename: string | null): string[] {
  const disposition = `Content-Disposition: form-data; name="${name}"`;
  const file = filename === null ? '' : `; filename="${quoted(filename)}"`;
  const type = filename === null ? 'application/json' : 'application/octet-stream';
  return [`--${boundary}\r\n`, `${disposition}${file}\r\n`, `Content-Type: ${type}\r\n\r\n`];
}
