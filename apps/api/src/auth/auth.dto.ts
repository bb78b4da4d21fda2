import { ROLES } from '@holdfast/contracts';
import { z } from 'zod';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './password.ts';

export const email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase())
  .meta({ example: 'owner@example.org' });

export const newPassword = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `Use at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(MAX_PASSWORD_LENGTH, `Use at most ${MAX_PASSWORD_LENGTH} characters`)
  .describe('A passphrase; any characters')
  .meta({ example: 'correct horse battery staple' });

const AccountSummary = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
  })
  .meta({ id: 'AccountSummary' });

export const SignIn = z
  .strictObject({
    email,
    password: z.string().min(1).max(MAX_PASSWORD_LENGTH).meta({ example: 'correct horse battery staple' }),
    kind: z
      .enum(['cookie', 'token'])
      .default('cookie')
      .describe('`cookie` for browsers; `token` answers a bearer token in place of a cookie'),
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.output<typeof SignIn>;

export const SignedIn = z
  .object({
    account: AccountSummary,
    token: z.string().optional().describe('Send it as `Authorization: Bearer …`; shown once'),
    expiresAt: z.iso.datetime().describe('Moves on while the session is used, at most seven days from now'),
  })
  .meta({ id: 'SignedIn' });
export type SignedIn = z.output<typeof SignedIn>;

export const Me = z
  .object({
    account: AccountSummary,
    permissions: z.array(z.string()).describe('What this account may do'),
    credential: z.enum(['session', 'token']),
  })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;

export const ChangePassword = z
  .strictObject({
    currentPassword: z.string().min(1).max(MAX_PASSWORD_LENGTH),
    newPassword,
  })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.output<typeof ChangePassword>;
