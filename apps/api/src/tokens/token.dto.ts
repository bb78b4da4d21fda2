import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

export const TokenView = z
  .object({
    id: z.uuid().describe('Names it when it is to be ended; not what signs in'),
    accountId: z.uuid().describe('The account whose rights it has'),
    name: z.string().describe('What it is for, as whoever made it said'),
    hint: z.string().describe('Its first characters').meta({ example: 'hf_Ab3d' }),
    createdAt: z.iso.datetime().describe('When it was made'),
    expiresAt: z.iso.datetime().describe('When it stops working; that never moves'),
    lastUsedAt: z.iso.datetime().nullable().describe('To the minute; null: it was never used'),
  })
  .meta({ id: 'ApiToken' });
export type TokenView = z.output<typeof TokenView>;

export const TokenPage = pageOf(TokenView, 'ApiTokenPage');
export type TokenPage = z.output<typeof TokenPage>;

export const TokenQuery = z.strictObject(pageQuery);
export type TokenQuery = z.output<typeof TokenQuery>;

export const CreateToken = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .describe('What it is for, so that you know it again')
      .meta({ example: 'nightly script' }),
    expiresInDays: z.int().min(1).max(365).describe('How many days it works, from now').meta({ example: 90 }),
  })
  .meta({ id: 'CreateApiToken' });
export type CreateToken = z.output<typeof CreateToken>;

export const TokenCreated = TokenView.extend({
  token: z.string().describe('Send it as `Authorization: Bearer …`; shown once, and never again'),
}).meta({ id: 'ApiTokenCreated' });
export type TokenCreated = z.output<typeof TokenCreated>;
