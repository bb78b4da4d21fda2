import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

const page = z.enum(['backups']).describe('The page of the console');
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .describe('What you call it; of its page, only one of yours')
  .meta({ example: 'Damaged in production' });

// The characters of a query, percent-encoded where it takes that (RFC 3986, section 3.4): it is put into addresses.
const query = z
  .string()
  .max(2_000)
  .regex(/^(?!\?)(?:[\w.~!$&'()*+,;=:@/?-]|%[\dA-Fa-f]{2})*$/, {
    error: 'expected the query of a URL, percent-encoded, without its question mark',
  })
  .describe("The query of the page's URL, percent-encoded, without its question mark: filters and sort")
  .meta({ example: 'status=damaged&sort=-takenAt' });

export const ReplaceView = z.strictObject({ name, query }).meta({ id: 'ReplaceView' });
export type ReplaceView = z.output<typeof ReplaceView>;

export const CreateView = z.strictObject({ page, name, query }).meta({ id: 'CreateView' });
export type CreateView = z.output<typeof CreateView>;

export const SavedViewView = z
  .object({
    id: z.uuid().describe('Names it when it is to be replaced or deleted'),
    page,
    name: z.string().describe('What you call it'),
    query: z.string().describe("The query of the page's URL, without its question mark"),
    createdAt: z.iso.datetime().describe('When it was saved'),
  })
  .meta({
    id: 'SavedView',
    example: {
      id: '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10',
      page: 'backups',
      name: 'Damaged in production',
      query: 'status=damaged&sort=-takenAt',
      createdAt: '2026-11-24T08:50:00.000Z',
    },
  });
export type SavedViewView = z.output<typeof SavedViewView>;

export const SavedViewPage = pageOf(SavedViewView, 'SavedViewPage');
export type SavedViewPage = z.output<typeof SavedViewPage>;

export const SavedViewQuery = z.strictObject({ ...pageQuery, page });
export type SavedViewQuery = z.output<typeof SavedViewQuery>;
