import { OperationError } from '@holdfast/contracts';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, errors, interceptors, type Dispatcher } from 'undici';
import { canBeAsked } from './names.ts';

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
/** However long the server would have us wait. */
const LONGEST_PAUSE_MS = 15_000;
const SHOWN = 300;
const DUMPED_BYTES = 128 << 10;

type Request = Omit<Dispatcher.RequestOptions, 'origin'> & { signal: AbortSignal };

/** What became of something that was sent. */
interface Sent {
  /** Why it did not arrive, for the moment; null: the server has answered. */
  failure: OperationError | null;
  /** Why the server does not take this one; null: it does. */
  refusedFor: string | null;
  /** Before it is sent again, as the server asks; null: it does not. */
  pauseMs: number | null;
}

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
        maxTimeout: LONGEST_PAUSE_MS,
        timeoutFactor: 3,
      }),
    );
  }

  /**
   * An object's bytes, or why there are none: the server does not have them, or does not answer to this name. Read the
   * body to its end, or abort.
   */
  async download(bucket: string, key: string, signal: AbortSignal): Promise<Download | 'missing' | 'refused'> {
    if (!canBeAsked(bucket, key)) return 'refused';
    const path = `${this.base}/object/authenticated/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    const answer = await this.request({ path, method: 'GET', headers: this.headers, signal });
    if (answer.statusCode === 200) {
      const { etag } = answer.headers;
      return { body: translated(answer.body, signal), etag: typeof etag === 'string' ? etag : null };
    }
    const text = (await answer.body.text()).slice(0, SHOWN);
    const status = meantStatus(answer.statusCode, text);
    if (status === 404) return 'missing';
    if (isAboutName(status)) return 'refused';
    throw refusal(status, text);
  }

  /** Throws unless the project's storage answers and takes the key. */
  async check(signal: AbortSignal): Promise<void> {
    const path = `${this.base}/bucket?limit=1`;
    const answer = await this.request({ path, method: 'GET', headers: this.headers, signal });
    const text = (await answer.body.text()).slice(0, SHOWN);
    if (answer.statusCode !== 200) throw refusal(meantStatus(answer.statusCode, text), text);
  }

  /** Reads one byte, to see whether an object's bytes are really there: its row alone makes `exists` say so. */
  async etagOf(bucket: string, key: string, size: number, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket, key)) return null;
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
    const status = meantStatus(answer.statusCode, text);
    if (status === 404 || isAboutName(status)) return null;
    throw refusal(status, text);
  }

  /** Uploads an object, over one that is there; answers why the server does not take this one, null: it has it. */
  async upload(bucket: string, key: string, upload: Upload, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket, key)) return UNASKABLE;
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
    return this.send(signal, () => ({ path, method: 'POST', headers, body: size === 0 ? '' : Readable.from(body()) }));
  }

  /** Makes a bucket, or gives one that is there these settings; answers why the server does not take it, null: it did. */
  async putBucket(bucket: Bucket, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket.id, null)) return UNASKABLE;
    const headers = { ...this.headers, 'content-type': 'application/json' };
    const { id, name, public: open, file_size_limit, allowed_mime_types } = bucket;
    const settings = { public: open, file_size_limit, allowed_mime_types };
    const at = `${this.base}/bucket/${encodeURIComponent(id)}`;
    const known = await this.request({ path: at, method: 'GET', headers: this.headers, signal });
    const text = (await known.body.text()).slice(0, SHOWN);
    if (known.statusCode === 200) {
      const body = JSON.stringify({ id, name, ...settings });
      return this.send(signal, () => ({ path: at, method: 'PUT', headers, body }));
    }
    const status = meantStatus(known.statusCode, text);
    if (status !== 404 && isAboutName(status)) return refusedText(status, text);
    if (status !== 404) throw refusal(status, text);
    const body = JSON.stringify({ id, name, ...settings });
    return this.send(signal, () => ({ path: `${this.base}/bucket`, method: 'POST', headers, body }));
  }

  /** Sends something, again after a pause while the server fails; answers why it does not take this one, null: it did. */
  private async send(signal: AbortSignal, make: () => Omit<Request, 'signal'>): Promise<string | null> {
    for (let attempt = 1; ; attempt++) {
      const { failure, refusedFor, pauseMs } = await this.sendOnce({ ...make(), signal });
      if (failure === null) return refusedFor;
      if (attempt === ATTEMPTS) throw failure;
      await sleep(pauseMs ?? FIRST_PAUSE_MS * 3 ** (attempt - 1), undefined, { signal });
    }
  }

  /** Without the interceptor: a body that was begun cannot be sent once more by it. */
  private async sendOnce(options: Request): Promise<Sent> {
    const taken = { failure: null, refusedFor: null, pauseMs: null };
    try {
      const answer = await this.request(options, this.agent);
      const text = (await answer.body.text()).slice(0, SHOWN);
      if (answer.statusCode < 300) return taken;
      const status = meantStatus(answer.statusCode, text);
      if (isAboutName(status)) return { ...taken, refusedFor: refusedText(status, text) };
      const failure = refusal(status, text);
      if (!failure.retryable) throw failure;
      return { ...taken, failure, pauseMs: pauseOf(answer.headers['retry-after']) };
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof OperationError && !error.retryable) throw error;
      return { ...taken, failure: error instanceof OperationError ? error : unreachable(error) };
    }
  }

  private async request(options: Request, over: Dispatcher = this.dispatcher): Promise<Dispatcher.ResponseData> {
    options.signal.throwIfAborted();
    try {
      return await over.request({ ...options, origin: this.origin });
    } catch (error) {
      options.signal.throwIfAborted();
      // what was to be sent could not be read
      throw error instanceof OperationError ? error : unreachable(error);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

const UNASKABLE = 'its name cannot be part of an address';

/** Storage answers 400 with the status that it means inside. */
function meantStatus(status: number, text: string): number {
  if (status !== 400) return status;
  if (/not_found|NoSuchKey|Object not found/i.test(text)) return 404;
  return Number(/"statusCode"\s*:\s*"?(\d{3})\b/.exec(text)?.[1] ?? status);
}

/** A refusal that is about this one object or bucket, its name, size or type, and not about who asks. */
const isAboutName = (status: number): boolean => [400, 404, 409, 413, 415, 422].includes(status);

const refusedText = (status: number, text: string): string => `the storage answered ${status}: ${text}`;

/** Seconds, or a date. */
function pauseOf(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
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
