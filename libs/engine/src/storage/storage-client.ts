import { OperationError } from '@holdfast/contracts';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, errors, interceptors, type Dispatcher } from 'undici';

/** Where a project's storage is, and the key that may read and write all of it. */
export interface StorageEndpoint {
  /** The project's address, as supabase-js takes it: `https://<ref>.supabase.co`. */
  url: string;
  serviceKey: string;
}

/** What an object is uploaded with. */
export interface Upload {
  size: number;
  contentType: string | null;
  cacheControl: string | null;
  userMetadata: unknown;
  /** Bytes, made anew for each attempt. */
  body: () => AsyncIterable<Uint8Array>;
}

/** A bucket's settings, as its row names them. */
export interface Bucket {
  id: string;
  name: string;
  public: boolean;
  file_size_limit: number | null;
  allowed_mime_types: string[] | null;
}

/** An object's bytes as they arrive, with what the server says of them. */
export interface Download {
  body: AsyncIterable<Uint8Array>;
  /** As the server sends it; null: it sent none. */
  etag: string | null;
}

const CONNECT_MS = 10_000;
const HEADERS_MS = 60_000;
/** No byte for so long: the connection is taken for dead. */
const SILENCE_MS = 60_000;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const SHOWN = 300;
const DUMPED_BYTES = 128 << 10;

/** A key in a URL, as the server reads it: each segment encoded, the slashes between them kept. */
export const encodeKey = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

/**
 * Reads a project's objects over plain HTTP: supabase-js bends keys that hold `?`, `#`, `//` or outer spaces, silently.
 * What fails for the moment (429, 5xx, a lost connection) is tried again after a growing pause, or the one the server
 * asks for. Throws `storage.unreachable` when that did not help, `storage.refused` when the key is not accepted.
 */
export class StorageClient {
  private readonly origin: string;
  private readonly base: string;
  private readonly headers: Record<string, string>;
  private readonly agent: Agent;
  private readonly dispatcher: Dispatcher;

  constructor({ url, serviceKey }: StorageEndpoint, connections = 8) {
    const { origin, pathname } = new URL(url);
    this.origin = origin;
    this.base = `${pathname.replace(/\/$/, '')}/storage/v1`;
    this.headers = { apikey: serviceKey, authorization: `Bearer ${serviceKey}` };
    this.agent = new Agent({
      connections,
      headersTimeout: HEADERS_MS,
      bodyTimeout: SILENCE_MS,
      connect: { timeout: CONNECT_MS },
    });
    this.dispatcher = this.agent.compose(
      interceptors.retry({
        maxRetries: ATTEMPTS - 1,
        minTimeout: FIRST_PAUSE_MS,
        maxTimeout: 15_000,
        timeoutFactor: 3,
      }),
    );
  }

  /** An object's bytes; null: the server does not have them. Read the body to its end, or abort. */
  async download(bucket: string, key: string, signal: AbortSignal): Promise<Download | null> {
    const path = `${this.base}/object/authenticated/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    const answer = await this.request({ path, method: 'GET', headers: this.headers, signal });
    if (answer.statusCode === 200) {
      const { etag } = answer.headers;
      return { body: translated(answer.body, signal), etag: typeof etag === 'string' ? etag : null };
    }
    const text = (await answer.body.text()).slice(0, SHOWN);
    if (isNotFound(answer.statusCode, text)) return null;
    throw refusal(answer.statusCode, text);
  }

  /** Reads one byte, to see whether an object's bytes are really there: its row alone makes `exists` say so. */
  async etagOf(bucket: string, key: string, size: number, signal: AbortSignal): Promise<string | null> {
    const path = `${this.base}/object/authenticated/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    // there is no first byte of an empty object
    const headers = size === 0 ? this.headers : { ...this.headers, range: 'bytes=0-0' };
    const answer = await this.request({ path, method: 'GET', headers, signal });
    // a server may ignore the range: what it sends is not wanted
    if (answer.statusCode === 200 || answer.statusCode === 206) {
      await answer.body.dump({ limit: DUMPED_BYTES, signal });
      const { etag } = answer.headers;
      return typeof etag === 'string' ? etag : null;
    }
    const text = (await answer.body.text()).slice(0, SHOWN);
    // an empty object stands where another one should
    if (answer.statusCode === 416 || /InvalidRange|invalid_range/.test(text)) return null;
    if (isNotFound(answer.statusCode, text)) return null;
    throw refusal(answer.statusCode, text);
  }

  /** Uploads an object, over one that is there. */
  async upload(bucket: string, key: string, upload: Upload, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.uploadOnce(bucket, key, upload, signal);
      } catch (error) {
        const again = error instanceof OperationError && error.code === 'storage.unreachable';
        if (!again || attempt === ATTEMPTS) throw error;
        await sleep(FIRST_PAUSE_MS * 3 ** (attempt - 1), undefined, { signal });
      }
    }
  }

  private async uploadOnce(bucket: string, key: string, upload: Upload, signal: AbortSignal): Promise<void> {
    const { size, contentType, cacheControl, userMetadata, body } = upload;
    const path = `${this.base}/object/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    const headers: Record<string, string> = {
      ...this.headers,
      'content-type': contentType ?? 'application/octet-stream',
      'content-length': String(size),
      'x-upsert': 'true',
    };
    if (cacheControl !== null) headers['cache-control'] = cacheControl;
    if (userMetadata !== null && userMetadata !== undefined) {
      headers['x-metadata'] = Buffer.from(JSON.stringify(userMetadata)).toString('base64');
    }
    await this.send({ path, method: 'POST', headers, body: size === 0 ? '' : Readable.from(body()), signal });
  }

  /** Makes a bucket, or gives one that is there these settings. */
  async putBucket(bucket: Bucket, signal: AbortSignal): Promise<void> {
    const headers = { ...this.headers, 'content-type': 'application/json' };
    const { id, name, public: open, file_size_limit, allowed_mime_types } = bucket;
    const settings = { public: open, file_size_limit, allowed_mime_types };
    const at = `${this.base}/bucket/${encodeURIComponent(id)}`;
    const known = await this.request({ path: at, method: 'GET', headers: this.headers, signal });
    const text = (await known.body.text()).slice(0, SHOWN);
    if (known.statusCode === 200) {
      return this.send({ path: at, method: 'PUT', headers, body: JSON.stringify({ id, name, ...settings }), signal });
    }
    if (!isNotFound(known.statusCode, text)) throw refusal(known.statusCode, text);
    const body = JSON.stringify({ id, name, ...settings });
    return this.send({ path: `${this.base}/bucket`, method: 'POST', headers, body, signal });
  }

  private async send(options: Omit<Dispatcher.RequestOptions, 'origin'> & { signal: AbortSignal }): Promise<void> {
    const answer = await this.request(options);
    const text = (await answer.body.text()).slice(0, SHOWN);
    if (answer.statusCode >= 300) throw refusal(answer.statusCode, text);
  }

  private async request(
    options: Omit<Dispatcher.RequestOptions, 'origin'> & { signal: AbortSignal },
  ): Promise<Dispatcher.ResponseData> {
    options.signal.throwIfAborted();
    try {
      return await this.dispatcher.request({ ...options, origin: this.origin });
    } catch (error) {
      options.signal.throwIfAborted();
      throw unreachable(error);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** Storage answers 400 with another status inside for what is not there. */
function isNotFound(status: number, text: string): boolean {
  if (status === 404) return true;
  return status === 400 && /"statusCode"\s*:\s*"?404"?|not_found|NoSuchKey|Object not found/i.test(text);
}

function refusal(status: number, text: string): OperationError {
  if (status === 429 || status >= 500) {
    return new OperationError('storage.unreachable', `The project's storage answered ${status}: ${text}`);
  }
  return new OperationError('storage.refused', `The project's storage answered ${status}: ${text}`, {
    hint: 'Check the service key of the environment.',
  });
}

function unreachable(error: unknown): OperationError {
  if (error instanceof errors.RequestRetryError) {
    const message = `The project's storage answered ${error.statusCode}, ${ATTEMPTS} times`;
    return new OperationError('storage.unreachable', message, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new OperationError('storage.unreachable', `The project's storage cannot be reached: ${reason}`, {
    hint: 'Check the address of the project, and that it is not paused.',
    cause: error,
  });
}

async function* translated(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error);
  }
}
