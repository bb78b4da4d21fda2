import { Readable } from 'node:stream';
import { WebClient, type WebAddress, type WebRequest } from '../web/web-client.ts';
import { canBeAsked } from './names.ts';
import { isAboutName, isLocked, isMissing, noStorage, STORAGE_SERVICE } from './storage-answers.ts';
import { metadataHeaders } from './upload-headers.ts';

/** Where a project's storage is, and the key that may read and write all of it. */
export interface StorageEndpoint extends WebAddress {
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

/** A list is what a storage answers with; a page for people comes from something else. */
const LIST = /^\s*\[/;
/** More of an answer than this is not read for the sake of its connection. */
const ENOUGH_BYTES = 128 << 10;

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

  constructor(endpoint: StorageEndpoint, connections = 8) {
    const { url, serviceKey } = endpoint;
    this.base = `${new URL(url).pathname.replace(/\/$/, '')}/storage/v1`;
    this.headers = { apikey: serviceKey, authorization: `Bearer ${serviceKey}` };
    this.web = new WebClient(endpoint, serviceKey, STORAGE_SERVICE, connections);
  }

  private asking(path: string, signal: AbortSignal, more: Record<string, string> = {}): WebRequest {
    return { path: `${this.base}/${path}`, method: 'GET', headers: { ...this.headers, ...more }, signal };
  }

  private asWritten(bucket: string, key: string): string {
    return `object/authenticated/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
  }

  /**
   * An object's bytes, or why there are none: the server does not have them, or does not answer to this name. Read the
   * body to its end, or abort.
   */
  async download(bucket: string, key: string, signal: AbortSignal): Promise<Download | 'missing' | 'refused'> {
    if (!canBeAsked(bucket, key)) return 'refused';
    const request = this.asking(this.asWritten(bucket, key), signal);
    const answer = await this.web.request(request);
    if (answer.refusal === null) {
      const { etag } = answer.headers;
      return { body: this.web.bytesOf(request, answer), etag: typeof etag === 'string' ? etag : null };
    }
    if (isMissing(answer.refusal)) return 'missing';
    if (isAboutName(answer.refusal)) return 'refused';
    throw this.web.refusal(answer.refusal);
  }

  /** Throws unless the project's storage answers and takes the key. */
  async check(signal: AbortSignal): Promise<void> {
    const request = this.asking('bucket?limit=1', signal);
    const answer = await this.web.request(request);
    if (answer.refusal) throw this.web.refusal(answer.refusal);
    let text = '';
    for await (const part of this.web.bytesOf(request, answer)) {
      text += Buffer.from(part).toString();
      if (text.length > ENOUGH_BYTES) break;
    }
    if (!LIST.test(text)) throw noStorage('answered with something that is no list of buckets');
  }

  /** Reads one byte, to see whether an object's bytes are really there: its row alone makes `exists` say so. */
  async etagOf(bucket: string, key: string, size: number, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket, key)) return null;
    // there is no first byte of an empty object
    const range: Record<string, string> = size === 0 ? {} : { range: 'bytes=0-0' };
    const request = this.asking(this.asWritten(bucket, key), signal, range);
    const answer = await this.web.request(request);
    if (answer.refusal === null) {
      let read = 0;
      // a server may ignore the range: what it sends is not wanted
      for await (const part of this.web.bytesOf(request, answer)) if ((read += part.length) > ENOUGH_BYTES) break;
      const { etag } = answer.headers;
      return typeof etag === 'string' ? etag : null;
    }
    const { status, text } = answer.refusal;
    // an empty object stands where another one should
    if (status === 416 || /InvalidRange|invalid_range/.test(text)) return null;
    if (isMissing(answer.refusal) || isAboutName(answer.refusal)) return null;
    throw this.web.refusal(answer.refusal);
  }

  /** Uploads an object, over one that is there; answers why the server does not take this one, null: it has it. */
  async upload(bucket: string, key: string, upload: Upload, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket, key)) return UNASKABLE;
    const { size, body } = upload;
    const path = `${this.base}/object/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
    const headers: Record<string, string> = {
      ...this.headers,
      ...metadataHeaders(upload),
      'content-length': String(size),
      'x-upsert': 'true',
    };
    const bytes = () => (size === 0 ? '' : Readable.from(body()));
    return this.done({ path, method: 'POST', headers, body: bytes, signal });
  }

  /** Makes a bucket, or gives one that is there these settings; answers why the server does not take it, null: it did. */
  async putBucket(bucket: Bucket, signal: AbortSignal): Promise<string | null> {
    if (!canBeAsked(bucket.id, null)) return UNASKABLE;
    const headers = { ...this.headers, 'content-type': 'application/json' };
    const { id, name, public: open, file_size_limit, allowed_mime_types } = bucket;
    const settings = { public: open, file_size_limit, allowed_mime_types };
    const at = `bucket/${encodeURIComponent(id)}`;
    const sent = { headers, body: (): string => JSON.stringify({ id, name, ...settings }), signal };
    const known = await this.hasBucket(at, signal);
    if (typeof known === 'string') return known;
    if (!known) {
      const refused = await this.done({ ...sent, path: `${this.base}/bucket`, method: 'POST' });
      // the answer to an attempt may have been lost: then it is there, and only the next attempt was refused
      if (refused === null || (await this.hasBucket(at, signal)) !== true) return refused;
    }
    return this.done({ ...sent, path: `${this.base}/${at}`, method: 'PUT' });
  }

  /** Whether a bucket is there; in words: why its name cannot be asked for. */
  private async hasBucket(at: string, signal: AbortSignal): Promise<boolean | string> {
    const answer = await this.web.request(this.asking(at, signal));
    if (answer.refusal === null) {
      await this.web.discard(answer, signal);
      return true;
    }
    if (isMissing(answer.refusal)) return false;
    if (isAboutName(answer.refusal)) return this.web.refusal(answer.refusal).message;
    throw this.web.refusal(answer.refusal);
  }

  /** Null: it was done; else why not, when that is about this one object or bucket. */
  private async done(request: WebRequest): Promise<string | null> {
    const bearable = [isMissing, isAboutName, isLocked];
    const refused = await this.web.send(request, (refusal) => bearable.some((is) => is(refusal)));
    return refused && this.web.refusal(refused).message;
  }

  close(): Promise<void> {
    return this.web.close();
  }
}

const UNASKABLE = 'its name cannot be part of an address';
