import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Actor } from '@holdfast/contracts';
import type { Request } from 'express';

/** Who asks, and from where; what the audit needs to know. */
export interface Requester extends Actor {
  /** The session or the API token that was shown; one of them is null. */
  sessionId: string | null;
  tokenId: string | null;
  ip: string | null;
  userAgent: string | null;
}

export interface SignedRequest extends Request {
  requester?: Requester;
}

/** The signed-in requester of a route that is not public. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Requester => {
  const { requester } = context.switchToHttp().getRequest<SignedRequest>();
  if (!requester) throw new Error('@CurrentActor() on a public route');
  return requester;
});

/** The address of the client, as `trust proxy` says it, and its user agent cut to a sane length. */
export const originOf = (request: Request): { ip: string | null; userAgent: string | null } => ({
  ip: request.ip ?? null,
  userAgent: request.headers['user-agent']?.slice(0, 300) ?? null,
});
