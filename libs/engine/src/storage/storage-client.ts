import { Readable } from 'node:stream';
import { WebClient, type Service } from '../web/web-client.ts';
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

const DUMPED_BYTES = 128 << 10;

const SERVICE: Service = {
  name: "The project's storage",
  unreachable: 'storage.unreachable',
  refused: 'storage.refused',
  hints: {
    unreachable: 'Check the address of the project, and that it is not paused.',
    refused: 'Check the service key of the environment.',
  },
  meantStatus,
};

/** A key in a URL, as the server reads it: each segment encoded, the slashes between them kept. */
export const encodeKey = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

/**
 * Reads a project's objects over plain HTTP: supabase-js bends keys that hold `?`, `#`, `//` or outer spaces, silently.
 * Throws `storage.unreachable` when trying again did not help, `storage.refused` when the key is not accepted.
 */
export class StorageClient {
  private readonly base: string;
  private readonly headers: Record<string, string>;
  private readonly web: WebClient;

  constructor({ url, serviceKey }: StorageEndpoint, connections = 8) {
    this.base = `${new URL(url).pathname.replace(/\/$/, '')}/storage/v1`;
    this.headers = { apikey: serviceKey, authorization: `Bearer ${serviceKey}` };
    this.web = new WebClient(url, serviceKey, SERVICE, connections);
  }

  /**
   * An object's bytes, or why there are none: the server does not have them, or does not answer to this name. Read the
   * body to its end, or abort.
   */
  async download(bucket: string, key: string, signal: AbortSignal): Promise<Download | 'missing' | 'refused'> {
    if (!canBeAsked(bucket, key)) return 'refused';
    const path = `${this.base}/object/authenticated/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    const answer = await this.web.request({ path, method: 'GET', headers: this.headers, signal });
    if (answer.statusCode === 200) {
      const { etag } = answer.headers;
      return { body: this.web.bytesOf(answer.body, signal), etag: typeof etag === 'string' ? etag : null };
    }
    const { status, text } = await this.web.statusOf(answer);
    if (status === 404) return 'missing';
    if (isAboutName(status)) return 'refused';
    throw this.web.refusal(status, text);
  }

  /** Throws unless the project's storage answers and takes the key. */
  async check(signal: AbortSignal): Promise<void> {
    const path = `${this.base}/bucket?limit=1`;
    const answer = await this.web.request({ path, method: 'GET', headers: this.headers, signal });
    const { status, text } = await this.web.statusOf(answer);
    if (status !== 200) throw this.web.refusal(status, text);
  }

  /** Reads one byte, to see whether an object's bytes are really there: its row alone makes `exists` say so. */
  async etagOf(bucket: string, key: string, size: number, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket, key)) return null;
    const path = `${this.base}/object/authenticated/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    // there is no first byte of an empty object
    const headers = size === 0 ? this.headers : { ...this.headers, range: 'bytes=0-0' };
    const answer = await this.web.request({ path, method: 'GET', headers, signal });
    // a server may ignore the range: what it sends is not wanted
    if (answer.statusCode === 200 || answer.statusCode === 206) {
      await answer.body.dump({ limit: DUMPED_BYTES, signal });
      const { etag } = answer.headers;
      return typeof etag === 'string' ? etag : null;
    }
    const { status, text } = await this.web.statusOf(answer);
    // an empty object stands where another one should
    if (answer.statusCode === 416 || /InvalidRange|invalid_range/.test(text)) return null;
    if (status === 404 || isAboutName(status)) return null;
    throw this.web.refusal(status, text);
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
    const bytes = () => (size === 0 ? '' : Readable.from(body()));
    return this.web.send({ path, method: 'POST', headers, body: bytes, signal }, isAboutName);
  }

  /** Makes a bucket, or gives one that is there these settings; answers why the server does not take it, null: it did. */
  async putBucket(bucket: Bucket, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket.id, null)) return UNASKABLE;
    const headers = { ...this.headers, 'content-type': 'application/json' };
    const { id, name, public: open, file_size_limit, allowed_mime_types } = bucket;
    const settings = { public: open, file_size_limit, allowed_mime_types };
    const at = `${this.base}/bucket/${encodeURIComponent(id)}`;
    const known = await this.web.request({ path: at, method: 'GET', headers: this.headers, signal });
    const { status, text } = await this.web.statusOf(known);
    const body = (): string => JSON.stringify({ id, name, ...settings });
    if (status === 200) return this.web.send({ path: at, method: 'PUT', headers, body, signal }, isAboutName);
    if (status === 404)
      return this.web.send({ path: `${this.base}/bucket`, method: 'POST', headers, body, signal }, isAboutName);
    if (isAboutName(status)) return this.web.refusal(status, text).message;
    throw this.web.refusal(status, text);
  }

  close(): Promise<void> {
    return this.web.close();
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
