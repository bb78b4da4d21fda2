import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

export const TokenView = z
  .object({
    id: z.uuid(),
    accountId: z.uuid(),
    name: z.string(),
    hint: z.string().describe('Its first characters').meta({ example: 'hf_Ab3d' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiToken' });
export type TokenView = z.output<typeof TokenView>;

export const TokenPage = pageOf(TokenView, 'ApiTokenPage');
export type TokenPage = z.output<typeof TokenPage>;

export const TokenQuery = z.strictObject(pageQuery);
export type TokenQuery = z.output<typeof TokenQuery>;

export const CreateToken = z
  .strictObject({
    name: z.string().trim().min(1).max(100).meta({ example: 'nightly script' }),
    expiresInDays: z.int().min(1).max(365).meta({ example: 90 }),
  })
  .meta({ id: 'CreateApiToken' });
export type CreateToken = z.output<typeof CreateToken>;

export const TokenCreated = TokenView.extend({
  token: z.string().describe('Send it as `Authorization: Bearer …`; shown once, and never again'),
}).meta({ id: 'ApiTokenCreated' });
export type TokenCreated = z.output<typeof TokenCreated>;
