import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { can, OperationError, type Actor, type Permission } from '@holdfast/contracts';

export const PERMISSION_METADATA = 'holdfast:permission';
export const PUBLIC_METADATA = 'holdfast:public';

/** The route asks for this permission; every route declares one or is public, and a spec walks them all. */
export const Can = (permission: Permission): MethodDecorator =>
  applyDecorators(SetMetadata(PERMISSION_METADATA, permission), ApiExtension('x-permission', permission));

/** The route answers everybody. */
export const Public = (): MethodDecorator =>
  applyDecorators(SetMetadata(PUBLIC_METADATA, true), ApiExtension('x-public', true));

/** Throws `auth.forbidden` unless the actor holds the permission. */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (can(actor, permission)) return;
  throw new OperationError('auth.forbidden', `This needs the permission ${permission}`, {
    hint: `Your role is ${actor.role}.`,
  });
}
