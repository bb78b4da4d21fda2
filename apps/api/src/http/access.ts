import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { Permission } from '@holdfast/contracts';

export const PERMISSION_METADATA = 'holdfast:permission';
export const PUBLIC_METADATA = 'holdfast:public';

/** The route asks for this permission; every route declares one or is public, and a spec walks them all. */
export const Can = (permission: Permission): MethodDecorator =>
  applyDecorators(SetMetadata(PERMISSION_METADATA, permission), ApiExtension('x-permission', permission));

/** The route answers everybody. */
export const Public = (): MethodDecorator =>
  applyDecorators(SetMetadata(PUBLIC_METADATA, true), ApiExtension('x-public', true));
