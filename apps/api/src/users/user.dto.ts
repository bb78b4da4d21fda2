import { ROLES } from '@holdfast/contracts';
import { z } from 'zod';
import { email, newPassword } from '../auth/auth.dto.ts';
import { pageOf, pageQuery } from '../http/paging.ts';

const name = z.string().trim().min(1).max(100).meta({ example: 'Ada Lovelace' });
const role = z.enum(ROLES).describe('Each role may do all that the ones before it may');

export const UserView = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role,
    disabledAt: z.iso.datetime().nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
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
    disabled: z.boolean().optional().describe('A disabled account cannot sign in; its sessions and tokens end'),
    password: newPassword.optional().describe('A new password; ends its sessions'),
  })
  .meta({ id: 'UpdateUser' });
export type UpdateUser = z.output<typeof UpdateUser>;
