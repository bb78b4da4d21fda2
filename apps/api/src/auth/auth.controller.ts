import { Body, Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { PrismaClient } from '@holdfast/prisma';
import type { Response } from 'express';
import { DATABASE } from '../database/database.module.ts';
import { Can, Public } from '../http/access.ts';
import { COOKIE_FLAGS, COOKIE_NAME } from '../http/credential.ts';
import { Answers, AnswersNothing, Describe } from '../http/describe.ts';
import { forgiveHit, RateLimit, type LimitedRequest } from '../http/rate-limit.guard.ts';
import { CurrentActor, originOf, type Requester } from '../http/requester.ts';
import { ChangePassword, Me, SignedIn, SignIn } from './auth.dto.ts';
import { AuthService } from './auth.service.ts';

const SIGN_IN_LIMIT = { name: 'sign-in', limit: 10, windowSeconds: 60 };

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    @Inject(DATABASE) private readonly database: PrismaClient,
  ) {}

  @Post('sign-in')
  @Public()
  @RateLimit(SIGN_IN_LIMIT)
  @Describe({
    id: 'signIn',
    summary: 'Sign in',
    description:
      'Browsers get the cookie `__Host-holdfast`; with `"kind": "token"` the answer holds a bearer token instead. ' +
      'Failures are limited to 10 a minute for one client, counted over all API instances.',
    problems: ['auth.failed', 'rate.limited'],
  })
  @Answers(200, SignedIn, { description: 'Signed in' })
  async signIn(
    @Body({ schema: SignIn }) given: SignIn,
    @Req() request: LimitedRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SignedIn> {
    const { token, ...signedIn } = await this.auth.signIn(given, originOf(request));
    // Only failures count.
    if (request.rateKey !== undefined) await forgiveHit(this.database, request.rateKey);
    response.setHeader('Cache-Control', 'no-store');
    if (given.kind === 'token') return { ...signedIn, token };
    response.cookie(COOKIE_NAME, token, COOKIE_FLAGS);
    return signedIn;
  }

  @Post('sign-out')
  @Can('account.self')
  @Describe({ id: 'signOut', summary: 'End this session' })
  @AnswersNothing('Signed out')
  async signOut(@CurrentActor() actor: Requester, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.auth.signOut(actor);
    response.clearCookie(COOKIE_NAME, COOKIE_FLAGS);
  }

  @Get('me')
  @Can('account.self')
  @Describe({ id: 'getMe', summary: 'Who is signed in, and what they may do' })
  @Answers(200, Me)
  me(@CurrentActor() actor: Requester): Promise<Me> {
    return this.auth.me(actor);
  }

  @Post('password')
  @Can('account.self')
  @RateLimit({ ...SIGN_IN_LIMIT, name: 'password' })
  @Describe({
    id: 'changePassword',
    summary: 'Change your password',
    description: 'Ends all your other sessions.',
    problems: ['auth.failed', 'rate.limited'],
  })
  @AnswersNothing('Changed')
  async changePassword(
    @CurrentActor() actor: Requester,
    @Body({ schema: ChangePassword }) given: ChangePassword,
    @Req() request: LimitedRequest,
  ): Promise<void> {
    await this.auth.changePassword(actor, given);
    if (request.rateKey !== undefined) await forgiveHit(this.database, request.rateKey);
  }
}
