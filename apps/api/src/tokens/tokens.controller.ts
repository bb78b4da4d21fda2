import { Body, Controller, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, AnswersNothing, Describe } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { CreateToken, TokenCreated, TokenPage, TokenQuery } from './token.dto.ts';
import { TokensService } from './tokens.service.ts';

@ApiTags('tokens')
@Controller('tokens')
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Get()
  @Can('token.manage')
  @Describe({ id: 'listTokens', summary: 'Your API tokens, newest first' })
  @Answers(200, TokenPage)
  list(@Query({ schema: TokenQuery }) query: TokenQuery, @CurrentActor() actor: Requester): Promise<TokenPage> {
    return this.tokens.list(query, actor);
  }

  @Post()
  @Can('token.manage')
  @Describe({
    id: 'createToken',
    summary: 'Make an API token',
    description: 'The token is in this answer only. It acts with your role. An API token cannot make another one.',
  })
  @Answers(201, TokenCreated, { description: 'Made' })
  create(
    @Body({ schema: CreateToken }) given: CreateToken,
    @CurrentActor() actor: Requester,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TokenCreated> {
    response.setHeader('Cache-Control', 'no-store');
    return this.tokens.create(given, actor);
  }

  @Delete(':id')
  @Can('token.manage')
  @Describe({ id: 'deleteToken', summary: 'End an API token at once' })
  @AnswersNothing('Ended')
  delete(@Param('id', { schema: idOf('the token') }) tokenId: string, @CurrentActor() actor: Requester): Promise<void> {
    return this.tokens.delete(tokenId, actor);
  }
}
