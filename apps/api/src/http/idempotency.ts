import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { Request } from 'express';

/** A client's key for one request, and what that request was. */
export interface Idempotency {
  key: string;
  /** SHA-256 of method, path and body. */
  requestHash: Uint8Array<ArrayBuffer>;
}

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
};

/** The fingerprint of a request; the order of a body's keys does not matter. */
export function requestHash(method: string, path: string, body: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify([method, path, canonical(body) ?? null]);
  return Uint8Array.from(createHash('sha256').update(text).digest());
}

/** The request's Idempotency-Key, null without one; throws `request.invalid` for one that cannot be kept. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): Idempotency | null => {
  const request = context.switchToHttp().getRequest<Request>();
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
    const message = 'expected 1 to 200 visible ASCII characters';
    throw new OperationError('request.invalid', `Idempotency-Key: ${message}`, {
      errors: [{ at: 'Idempotency-Key', message }],
    });
  }
  return { key, requestHash: requestHash(request.method, request.path, request.body) };
});
