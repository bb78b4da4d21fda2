import { ROLES } from '@holdfast/contracts';
import { z } from 'zod';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './password.ts';

export const email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase())
  .describe('The e-mail address that the account signs in with; capitals make no difference')
  .meta({ example: 'owner@example.org' });

export const newPassword = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `Use at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(MAX_PASSWORD_LENGTH, `Use at most ${MAX_PASSWORD_LENGTH} characters`)
  .describe('A passphrase; any characters')
  .meta({ example: 'correct horse battery staple' });

/** The role of an account, in answers and requests. */
export const roleField = z
  .enum(ROLES)
  .describe('What the account may do: each role may do all that the ones before it may');

const AccountSummary = z
  .object({
    id: z.uuid().describe('The account; stays the same when its name or e-mail changes'),
    email: z.string().describe('What it signs in with, in small letters'),
    name: z.string().describe('What people call its owner'),
    role: roleField,
  })
  .meta({ id: 'AccountSummary' });

export const SignIn = z
  .strictObject({
    email,
    password: z
      .string()
      .min(1)
      .max(MAX_PASSWORD_LENGTH)
      .describe('The passphrase of the account')
      .meta({ example: 'correct horse battery staple' }),
    kind: z
      .enum(['cookie', 'token'])
      .default('cookie')
      .describe('`cookie` for browsers; `token` answers a bearer token in place of a cookie'),
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.output<typeof SignIn>;

export const SignedIn = z
  .object({
    account: AccountSummary.describe('Who signed in'),
    token: z.string().optional().describe('Send it as `Authorization: Bearer …`; shown once'),
    expiresAt: z.iso.datetime().describe('Moves on while the session is used, at most seven days from now'),
  })
  .meta({ id: 'SignedIn' });
export type SignedIn = z.output<typeof SignedIn>;

export const Me = z
  .object({
    account: AccountSummary.describe('Who asks'),
    permissions: z.array(z.string()).describe('What this account may do'),
    credential: z
      .enum(['session', 'token'])
      .describe('What the request showed: a `session`, which a sign-in opened, or an API `token`'),
  })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;

export const ChangePassword = z
  .strictObject({
    currentPassword: z.string().min(1).max(MAX_PASSWORD_LENGTH).describe('The passphrase until now, as a proof'),
    newPassword,
  })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.output<typeof ChangePassword>;
