import { ERROR_CODES, type ErrorCode, type OperationError } from '@holdfast/contracts';
import { z } from 'zod';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457, as every error leaves the API. */
export const Problem = z
  .object({
    type: z.string().describe('`urn:holdfast:problem:` and the code'),
    title: z.string().describe('The same for every problem of this code'),
    status: z.int().describe('The HTTP status, as in the status line'),
    code: z.string().describe('Stable; what a client may branch on'),
    detail: z.string().describe('What happened this time'),
    hint: z.string().optional().describe('What to do about it'),
    instance: z.string().optional().describe('The request, as in the logs and in X-Request-Id'),
    errors: z
      .array(
        z.object({
          at: z.string().describe('Dotted path of the field'),
          message: z.string().describe('What is wrong with it, in words'),
        }),
      )
      .optional()
      .describe('Every bad field at once'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** The problem document of an error. */
export function problemOf(error: OperationError, requestId: string | null): Problem {
  const { status, title } = ERROR_CODES[error.code];
  return {
    type: `urn:holdfast:problem:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(requestId === null ? {} : { instance: `urn:request:${requestId}` }),
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  };
}

export const statusOf = (code: ErrorCode): number => ERROR_CODES[code].status;
