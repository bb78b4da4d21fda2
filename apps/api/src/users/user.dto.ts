import { z } from 'zod';
import { email, newPassword, roleField as role } from '../auth/auth.dto.ts';
import { createdAtField, updatedAtField, versionField } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/paging.ts';

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .describe('What people call its owner; the audit tells it')
  .meta({ example: 'Ada Lovelace' });

export const UserView = z
  .object({
    id: z.uuid().describe('The account; stays the same when its name changes'),
    email: z.string().describe('What it signs in with, in small letters'),
    name: z.string().describe('What people call its owner'),
    role,
    disabledAt: z.iso.datetime().nullable().describe('Since when it may not sign in; null: it may'),
    version: versionField,
    createdAt: createdAtField,
    updatedAt: updatedAtField,
  })
  .meta({ id: 'User' });
export type UserView = z.output<typeof UserView>;

export const UserPage = pageOf(UserView, 'UserPage');
export type UserPage = z.output<typeof UserPage>;

export const UserQuery = z.strictObject(pageQuery);
export type UserQuery = z.output<typeof UserQuery>;

export const CreateUser = z
  .strictObject({ email, name, role: role.default('viewer'), password: newPassword })
  .meta({ id: 'CreateUser' });
export type CreateUser = z.output<typeof CreateUser>;

export const UpdateUser = z
  .strictObject({
    name: name.optional(),
    role: role.optional(),
    disabled: z
      .boolean()
      .optional()
      .describe('A disabled account cannot sign in; its sessions and tokens end. False enables it again'),
    password: newPassword.optional().describe('A new password; ends its sessions'),
  })
  .meta({ id: 'UpdateUser' });
export type UpdateUser = z.output<typeof UpdateUser>;
