import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, Describe, TakesIfMatch } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { IfMatch } from '../http/if-match.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { CreateUser, UpdateUser, UserPage, UserQuery, UserView } from './user.dto.ts';
import { UsersService } from './users.service.ts';

const id = idOf('the account');

@ApiTags('users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @Can('account.read')
  @Describe({ id: 'listUsers', summary: 'Accounts by e-mail' })
  @Answers(200, UserPage)
  list(@Query({ schema: UserQuery }) query: UserQuery): Promise<UserPage> {
    return this.users.list(query);
  }

  @Post()
  @Can('account.manage')
  @Describe({ id: 'createUser', summary: 'Add an account', problems: ['resource.conflict'] })
  @Answers(201, UserView, { description: 'Added', etag: true })
  async create(
    @Body({ schema: CreateUser }) given: CreateUser,
    @CurrentActor() actor: Requester,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserView> {
    const created = await this.users.create(given, actor);
    response.setHeader('Location', `/api/v1/users/${created.id}`);
    return created;
  }

  @Get(':id')
  @Can('account.read')
  @Describe({ id: 'getUser', summary: 'One account' })
  @Answers(200, UserView, { etag: true })
  get(@Param('id', { schema: id }) userId: string): Promise<UserView> {
    return this.users.get(userId);
  }

  @Patch(':id')
  @Can('account.manage')
  @TakesIfMatch()
  @Describe({
    id: 'updateUser',
    summary: 'Change an account: name, role, password, disabled',
    description: 'The last owner who can sign in stays one.',
    problems: ['resource.in_use'],
  })
  @Answers(200, UserView, { etag: true })
  update(
    @Param('id', { schema: id }) userId: string,
    @IfMatch() versions: number[] | null,
    @Body({ schema: UpdateUser }) given: UpdateUser,
    @CurrentActor() actor: Requester,
  ): Promise<UserView> {
    return this.users.update(userId, versions, given, actor);
  }
}
