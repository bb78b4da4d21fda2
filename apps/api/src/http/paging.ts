import { OperationError } from '@holdfast/contracts';
import { z } from 'zod';

// For the longest one given out: by name, 250 characters at most, which JSON may write in 6 bytes each, in base64url.
const CURSOR_LENGTH = 2_100;

/** The query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items the page holds at most'),
  cursor: z
    .string()
    .max(CURSOR_LENGTH)
    .optional()
    .describe('`nextCursor` of the page before, with the same filters and sort; without it, the first page'),
};

/** A page of a list; `nextCursor` is null at its end. */
export const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  z
    .object({
      items: z.array(item).describe('This page of the list, in its order'),
      nextCursor: z.string().nullable().describe('Give it as `cursor` to read on; null at the end'),
    })
    .meta({ id });

/** A cursor that holds the place after which to read on. */
export const encodeCursor = (place: unknown): string =>
  Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');

/** The place of a cursor, null without one; throws `request.invalid` for a cursor that this list did not give out. */
export function decodeCursor<T>(cursor: string | undefined, schema: z.ZodType<T>): T | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new OperationError('request.invalid', 'The cursor does not belong to this list', {
    hint: 'Read the list from its beginning, with the same filters and sort.',
    errors: [{ at: 'cursor', message: 'is not a cursor of this list' }],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Cuts what was read with one row more than `limit` into a page. */
export function cutPage<R, I>(
  rows: R[],
  limit: number,
  view: (row: R) => I,
  place: (row: R) => unknown,
): { items: I[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(place(last)) : null,
  };
}
