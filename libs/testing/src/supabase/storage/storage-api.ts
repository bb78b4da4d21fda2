import type { IncomingMessage } from 'node:http';
import type { Answer } from '../http.ts';
import { createBucket, deleteBucket, emptyBucket, getBucket, listBuckets, updateBucket } from './buckets.ts';
import { copyObject, moveObject, removeObjects } from './changes.ts';
import type { StorageContext, StorageRequest } from './context.ts';
import { downloadObject, headObject, objectInfo, type Access } from './download.ts';
import { listObjects, listObjectsFlat } from './listing.ts';
import { segmentsOf } from './names.ts';
import { downloadSigned, signObject, signObjects, signUpload, uploadSigned } from './signed-urls.ts';
import { StorageError, storageAnswer } from './storage-error.ts';
import { uploadObject } from './upload.ts';

/** Answers a request below `/storage/v1`; `path` is what follows, still encoded, and begins with a slash. */
export async function answerStorage(context: StorageContext, raw: IncomingMessage, path: string): Promise<Answer> {
  try {
    const [route = '', search = ''] = splitOnce(path, '?');
    const [head, ...rest] = segmentsOf(route.slice(1));
    const request = { raw, query: new URLSearchParams(search) };
    if (head === 'bucket') return await answerBucket(context, request, rest);
    if (head === 'object') return await answerObject(context, request, rest);
    if (head === 'status' || head === 'health') return { json: { healthy: true } };
    throw noRoute(raw);
  } catch (error) {
    const { status, body } = storageAnswer(error instanceof SyntaxError ? badJson(error) : error);
    return { status, json: body };
  }
}

function answerBucket(context: StorageContext, request: StorageRequest, [id, verb]: string[]): Promise<Answer> {
  const method = request.raw.method;
  if (!id) {
    if (method === 'GET') return listBuckets(context, request);
    if (method === 'POST') return createBucket(context, request);
  } else if (verb === 'empty') {
    if (method === 'POST') return emptyBucket(context, request, id);
  } else if (verb === undefined) {
    if (method === 'GET') return getBucket(context, request, id);
    if (method === 'PUT') return updateBucket(context, request, id);
    if (method === 'DELETE') return deleteBucket(context, request, id);
  }
  throw noRoute(request.raw);
}

function answerObject(context: StorageContext, request: StorageRequest, segments: string[]): Promise<Answer> {
  const { method } = request.raw;
  const [verb = '', second = ''] = segments;
  const below = (n: number): [string, string] => [segments[n] ?? '', segments.slice(n + 1).join('/')];
  const reads = method === 'GET' || method === 'HEAD';
  if (method === 'POST') {
    if (verb === 'list' && segments.length === 2) return listObjects(context, request, second);
    if (verb === 'list-v2' && segments.length === 2) return listObjectsFlat(context, request, second);
    if (verb === 'move' && segments.length === 1) return moveObject(context, request);
    if (verb === 'copy' && segments.length === 1) return copyObject(context, request);
    if (verb === 'sign' && segments.length === 2) return signObjects(context, request, second);
    if (verb === 'sign') return signObject(context, request, ...below(1));
    if (verb === 'upload' && second === 'sign') return signUpload(context, request, ...below(2));
  }
  if (method === 'PUT' && verb === 'upload' && second === 'sign') return uploadSigned(context, request, ...below(2));
  if (reads && verb === 'sign') return downloadSigned(context, request, ...below(1));
  if (method === 'POST' || method === 'PUT') return uploadObject(context, request, ...below(0));
  if (method === 'DELETE' && segments.length === 1) return removeObjects(context, request, verb);
  if (method === 'DELETE') return removeObjects(context, request, verb, [below(0)[1]]);
  if (!reads) throw noRoute(request.raw);
  return readObject(context, request, segments);
}

// `public`, `authenticated` and `info` come before a bucket's name and so hide buckets of these names.
function readObject(context: StorageContext, request: StorageRequest, segments: string[]): Promise<Answer> {
  const info = segments[0] === 'info';
  const path = info ? segments.slice(1) : segments;
  const access: Access = path[0] === 'public' ? 'public' : 'caller';
  const [bucket = '', ...key] = ['public', 'authenticated'].includes(path[0] ?? '') ? path.slice(1) : path;
  const at = { bucket, key: key.join('/'), access };
  if (info && request.raw.method === 'GET') return objectInfo(context, request, at);
  return request.raw.method === 'HEAD' ? headObject(context, request, at) : downloadObject(context, request, at);
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

const noRoute = (raw: IncomingMessage) =>
  new StorageError(404, 'Not Found', `Route ${raw.method}:${raw.url?.split('?')[0]} not found`);

const badJson = (error: SyntaxError) => new StorageError(400, 'Error', error.message);
