import {
  createParamDecorator,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { Request, Response } from 'express';
import { tap, type Observable } from 'rxjs';

/** The strong entity tag of a version. */
const entityTag = (version: number): string => `"${version}"`;

/** The versions that an If-Match header allows; null for `*`. Weak tags never match (RFC 9110, section 13.1.1). */
export function versionsOf(header: string): number[] | null {
  if (header.trim() === '*') return null;
  return [...header.matchAll(/(?:^|,)\s*"(\d{1,9})"\s*(?=,|$)/g)].map((match) => Number(match[1]));
}

/** The versions a change may be made on, null for any; throws `request.if_match_required` without the header. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): number[] | null => {
  const header = context.switchToHttp().getRequest<Request>().headers['if-match'];
  if (header === undefined) {
    throw new OperationError('request.if_match_required', 'A change needs an If-Match header', {
      hint: 'Send the ETag of what you read.',
    });
  }
  return versionsOf(header);
});

/** Throws `request.if_match_failed` unless the version is one of those allowed. */
export function requireVersion(version: number, allowed: number[] | null): void {
  if (allowed === null || allowed.includes(version)) return;
  throw new OperationError('request.if_match_failed', `It is at version ${version} now`, {
    hint: 'Read it again, and repeat the change on what you find.',
  });
}

/** Answers the `version` of a resource as its ETag. */
@Injectable()
export class EntityTagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(
      tap((body: unknown) => {
        const version = (body as { version?: unknown } | null)?.version;
        if (typeof version === 'number') response.setHeader('ETag', entityTag(version));
      }),
    );
  }
}
