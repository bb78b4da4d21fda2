import { Controller, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { COOKIE_FLAGS, COOKIE_NAME } from '../http/credential.ts';
import { Answers, AnswersNothing, Describe } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { SessionPage, SessionQuery } from './session.dto.ts';
import { SessionsService } from './sessions.service.ts';

@ApiTags('auth')
@Controller('auth')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Post('sign-out-everywhere')
  @Can('account.self')
  @Describe({
    id: 'signOutEverywhere',
    summary: 'End all your sessions, this one too',
    description:
      'What they show is refused at once; their sockets are closed within half a minute. API tokens stay: end them one ' +
      'by one. An API token cannot ask for this.',
  })
  @AnswersNothing('Signed out everywhere')
  async endAll(@CurrentActor() actor: Requester, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.sessions.endAll(actor);
    response.clearCookie(COOKIE_NAME, COOKIE_FLAGS);
  }

  @Get('sessions')
  @Can('account.self')
  @Describe({
    id: 'listSessions',
    summary: 'Where you are signed in, newest first',
    description: 'An API token cannot ask for this.',
  })
  @Answers(200, SessionPage)
  list(@Query({ schema: SessionQuery }) query: SessionQuery, @CurrentActor() actor: Requester): Promise<SessionPage> {
    return this.sessions.list(query, actor);
  }

  @Delete('sessions/:id')
  @Can('account.self')
  @Describe({
    id: 'endSession',
    summary: 'End one of your sessions',
    description:
      'What it shows is refused at once; its sockets are closed within half a minute. An API token cannot ask for this.',
  })
  @AnswersNothing('Ended')
  async end(
    @Param('id', { schema: idOf('the session') }) sessionId: string,
    @CurrentActor() actor: Requester,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.sessions.end(sessionId, actor);
    if (sessionId === actor.sessionId) response.clearCookie(COOKIE_NAME, COOKIE_FLAGS);
  }
}
