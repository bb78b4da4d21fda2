import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { OperationError } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import type { Request, Response } from 'express';
import { DATABASE } from '../database/database.module.ts';

const RATE_LIMIT_METADATA = 'holdfast:rate-limit';

/** At most `limit` hits of one client in a window of `windowSeconds`. */
export interface RateLimitRule {
  name: string;
  limit: number;
  windowSeconds: number;
}

/** Limits a route; hits are counted in our database, so that all API instances share them. */
export const RateLimit = (rule: RateLimitRule): MethodDecorator => SetMetadata(RATE_LIMIT_METADATA, rule);

/** One client: an IPv4 address, or the /64 network of an IPv6 address. */
export function clientKey(ip: string | undefined): string {
  if (ip === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.toLowerCase().split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return `${[...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')}::/64`;
}

interface Hit {
  hits: number;
  resetSeconds: number;
}

export interface LimitedRequest extends Request {
  /** The key that this request was counted under. */
  rateKey?: string;
}

/** Counts the hits of limited routes; answers RateLimit headers, and throws `rate.limited`. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(DATABASE) private readonly database: PrismaClient,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.get<RateLimitRule | undefined>(RATE_LIMIT_METADATA, context.getHandler());
    if (context.getType() !== 'http' || rule === undefined) return true;
    const request = context.switchToHttp().getRequest<LimitedRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    const key = `${rule.name}:${clientKey(request.ip)}`;
    const { hits, resetSeconds } = await this.hit(key, rule);
    request.rateKey = key;
    response.setHeader('RateLimit-Policy', `"${rule.name}";q=${rule.limit};w=${rule.windowSeconds}`);
    response.setHeader('RateLimit', `"${rule.name}";r=${Math.max(0, rule.limit - hits)};t=${resetSeconds}`);
    if (hits <= rule.limit) return true;
    response.setHeader('Retry-After', resetSeconds);
    throw new OperationError('rate.limited', `At most ${rule.limit} in ${rule.windowSeconds} seconds`, {
      hint: `Try again in ${resetSeconds} seconds.`,
    });
  }

  // One statement, atomic over all instances: a window that has passed starts anew.
  private async hit(key: string, rule: RateLimitRule): Promise<Hit> {
    const [row] = await this.database.$queryRaw<Hit[]>`
      INSERT INTO rate_hits AS r (key, hits, expires_at)
      VALUES (${key}, 1, now() + ${rule.windowSeconds}::int * interval '1 second')
      ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN r.expires_at <= now() THEN 1 ELSE r.hits + 1 END,
        expires_at = CASE WHEN r.expires_at <= now() THEN excluded.expires_at ELSE r.expires_at END,
        blocked_at = CASE WHEN r.expires_at > now() AND r.hits + 1 > ${rule.limit}::int THEN coalesce(r.blocked_at, now()) END
      RETURNING hits, greatest(1, ceil(extract(epoch FROM expires_at - now())))::int AS "resetSeconds"`;
    return row ?? { hits: 1, resetSeconds: rule.windowSeconds };
  }
}

/** Takes a hit back, so that only failures count. */
export const forgiveHit = (database: PrismaClient, key: string): Promise<number> =>
  database.$executeRaw`UPDATE rate_hits SET hits = greatest(hits - 1, 0) WHERE key = ${key} AND blocked_at IS NULL`;
