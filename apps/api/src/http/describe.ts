import { applyDecorators, HttpCode, SerializeOptions, UseInterceptors } from '@nestjs/common';
import { ApiExtension, ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { ErrorCode } from '@holdfast/contracts';
import type { z } from 'zod';
import { EntityTagInterceptor } from './if-match.ts';

/** What a route is called in the document, what it does, and which errors only it can answer. */
export const Describe = (about: {
  id: string;
  summary: string;
  description?: string;
  problems?: ErrorCode[];
}): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      operationId: about.id,
      summary: about.summary,
      ...(about.description === undefined ? {} : { description: about.description }),
    }),
    ApiExtension('x-problems', about.problems ?? []),
  );

const LOCATION = { description: 'Where its progress is told', schema: { type: 'string' as const } };
const ETAG = { description: 'Its version; send it back as If-Match to change it', schema: { type: 'string' as const } };

interface AnswerOptions {
  description?: string;
  example?: unknown;
  /** The answer's `version` becomes its ETag. */
  etag?: boolean;
  location?: boolean;
}

/** What a route answers: in the document, and kept to at run time (a field that is not declared never leaves). */
export const Answers = (status: number, schema: z.ZodType, options: AnswerOptions = {}): MethodDecorator =>
  applyDecorators(
    HttpCode(status),
    SerializeOptions({ schema }),
    ApiResponse({
      status,
      description: options.description ?? 'Done',
      standardSchema: schema,
      ...(options.example === undefined ? {} : { example: options.example }),
      headers: { ...(options.etag ? { ETag: ETAG } : {}), ...(options.location ? { Location: LOCATION } : {}) },
    }),
    ...(options.etag ? [UseInterceptors(EntityTagInterceptor)] : []),
  );

/** A route that answers 204 and no body. */
export const AnswersNothing = (description = 'Done'): MethodDecorator =>
  applyDecorators(HttpCode(204), ApiResponse({ status: 204, description }));

/** The header of routes that start work. */
export const TakesIdempotencyKey = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'The same key with the same request answers the operation that it started the first time',
      schema: { type: 'string', minLength: 1, maxLength: 200 },
    }),
    ApiExtension('x-idempotent', true),
  );

/** The header of routes that change what people edit. */
export const TakesIfMatch = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: true,
      description: 'The ETag of what was read, or `*`',
      schema: { type: 'string', examples: ['"1"'] },
    }),
    ApiExtension('x-if-match', true),
  );
