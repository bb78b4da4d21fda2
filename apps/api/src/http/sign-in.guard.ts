import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { OperationError, type Permission } from '@holdfast/contracts';
import { CredentialsService } from '../auth/credentials.service.ts';
import type { Config } from '../config.ts';
import { CONFIG } from '../database/database.module.ts';
import { PERMISSION_METADATA, PUBLIC_METADATA, requirePermission } from './access.ts';
import { fromOwnPages, shownCredential } from './credential.ts';
import { FOREIGN_ORIGIN_METADATA, foreignOriginOf, type ForeignOrigin } from './cross-origin.ts';
import { originOf, type SignedRequest } from './requester.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** The one guard: origin of browsers' requests, sign-in, permission. Closed for a route that declares nothing. */
@Injectable()
export class SignInGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: CredentialsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Sockets are asked at their handshake.
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<SignedRequest>();
    const shown = shownCredential(request.headers);
    if (!shown || shown.ambient) this.refuseOtherSites(context, request);
    if (this.declared(PUBLIC_METADATA, context)) return true;

    const credential = shown && (await this.credentials.resolve(shown.token));
    if (!credential) throw new OperationError('auth.required', 'Sign in, or send a bearer token that has not expired');
    request.requester = { ...credential, ...originOf(request) };

    const permission = this.declared<Permission>(PERMISSION_METADATA, context);
    if (permission === undefined) throw new OperationError('auth.forbidden', 'This route declares no permission');
    requirePermission(credential, permission);
    return true;
  }

  private declared<T>(key: string, context: ExecutionContext): T | undefined {
    return this.reflector.getAllAndOverride<T | undefined>(key, [context.getHandler(), context.getClass()]);
  }

  // Cookies travel by themselves: what changes something must come from our own pages.
  private refuseOtherSites(context: ExecutionContext, request: SignedRequest): void {
    if (SAFE_METHODS.includes(request.method)) return;
    const foreign = foreignOriginOf(this.declared<ForeignOrigin>(FOREIGN_ORIGIN_METADATA, context), this.config);
    if (foreign !== null && request.headers.origin === foreign) return;
    const ownOrigin = `${request.protocol}://${request.host}`;
    if (fromOwnPages(request.headers, ownOrigin, this.config.HOLDFAST_ORIGINS)) return;
    throw new OperationError('auth.cross_site', 'The request comes from a page of another site', {
      hint: 'Name the origin in HOLDFAST_ORIGINS if it is yours.',
    });
  }
}
