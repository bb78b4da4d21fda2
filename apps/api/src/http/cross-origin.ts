import { SetMetadata } from '@nestjs/common';
import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';
import type { Request } from 'express';
import type { Config } from '../config.ts';

export const FOREIGN_ORIGIN_METADATA = 'holdfast:foreign-origin';
export type ForeignOrigin = 'temporal-ui';

/** Pages of this other product may call the route with the user's cookie. */
export const AllowOrigin = (origin: ForeignOrigin): MethodDecorator => SetMetadata(FOREIGN_ORIGIN_METADATA, origin);

/** The origin that a route allows besides our own, null where there is none. */
export const foreignOriginOf = (declared: ForeignOrigin | undefined, config: Config): string | null =>
  declared === 'temporal-ui' && config.HOLDFAST_TEMPORAL_UI_URL !== undefined
    ? new URL(config.HOLDFAST_TEMPORAL_UI_URL).origin
    : null;

const CODEC_PATH = '/api/v1/codec/';

/** CORS: the configured origins everywhere; the Temporal Web UI at the codec endpoint only. */
export function corsOf(
  config: Config,
): (request: Request, answer: (error: Error | null, options: CorsOptions) => void) => void {
  const temporalUi = foreignOriginOf('temporal-ui', config);
  return (request, answer) => {
    const codec = request.path.startsWith(CODEC_PATH) && temporalUi !== null ? [temporalUi] : [];
    answer(null, {
      origin: [...config.HOLDFAST_ORIGINS, ...codec],
      credentials: true,
      exposedHeaders: ['ETag', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
      maxAge: 600,
    });
  };
}
