import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

export const SessionView = z
  .object({
    id: z.uuid().describe('Names it when it is to be ended; not what signs in'),
    current: z.boolean().describe('The one that asks'),
    ip: z.string().nullable().describe('Where it was opened from'),
    userAgent: z.string().nullable().describe('Of what it was opened with'),
    createdAt: z.iso.datetime().describe('When somebody signed in'),
    lastSeenAt: z.iso.datetime().describe('To the minute'),
    expiresAt: z.iso.datetime().describe('Moves on while it is used'),
  })
  .meta({ id: 'Session' });
export type SessionView = z.output<typeof SessionView>;

export const SessionPage = pageOf(SessionView, 'SessionPage');
export type SessionPage = z.output<typeof SessionPage>;

export const SessionQuery = z.strictObject(pageQuery);
export type SessionQuery = z.output<typeof SessionQuery>;
