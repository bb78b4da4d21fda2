import type { IncomingMessage } from 'node:http';
import type pg from 'pg';
import { bearerOf } from '../http.ts';
import type { Caller, ProjectTokens } from '../tokens.ts';
import type { Blobs } from './blobs.ts';
import { refusals } from './storage-error.ts';

/** What the Storage server stands on. */
export interface StorageContext {
  pool: pg.Pool;
  blobs: Blobs;
  tokens: ProjectTokens;
  /** The project's own limit for one object, in bytes; a bucket's may be lower. */
  fileSizeLimit: number;
}

/** One request: its query, its caller once asked for. */
export interface StorageRequest {
  raw: IncomingMessage;
  query: URLSearchParams;
}

/** A row of storage.objects as far as the server needs it. */
export interface ObjectRow {
  id: string;
  bucket_id: string;
  name: string;
  version: string;
  metadata: ObjectMetadata | null;
  user_metadata: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
  last_accessed_at: Date;
}

/** What the server notes about an object's bytes. */
export interface ObjectMetadata {
  eTag: string;
  size: number;
  mimetype: string;
  cacheControl: string;
  lastModified: string;
  contentLength: number;
  httpStatusCode: number;
}

/** The caller by the request's bearer token; throws without one, and for one that is not this project's. */
export async function callerOf(context: StorageContext, { raw }: StorageRequest): Promise<Caller> {
  const token = bearerOf(raw) ?? raw.headers['apikey'];
  if (typeof token !== 'string') throw refusals.invalid("headers must have required property 'authorization'");
  try {
    return await context.tokens.caller(token);
  } catch (error) {
    throw refusals.denied(error instanceof Error ? error.message : 'Invalid JWT');
  }
}

/** The id for the column `owner`, which only takes a uuid. */
export const uuidOrNull = (text: string | null): string | null =>
  text && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : null;
