import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, AnswersNothing, Describe, TakesIfMatch } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { IfMatch } from '../http/if-match.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import {
  CreateRepository,
  RepositoryAttached,
  RepositoryPage,
  RepositoryProbeReportView,
  RepositoryQuery,
  RepositoryView,
  UpdateRepository,
} from './repository.dto.ts';
import { RepositoriesService } from './repositories.service.ts';

const id = idOf('the repository');

@ApiTags('repositories')
@Controller('repositories')
export class RepositoriesController {
  constructor(private readonly repositories: RepositoriesService) {}

  @Get()
  @Can('repository.read')
  @Describe({ id: 'listRepositories', summary: 'Repositories by name' })
  @Answers(200, RepositoryPage)
  list(@Query({ schema: RepositoryQuery }) query: RepositoryQuery): Promise<RepositoryPage> {
    return this.repositories.list(query);
  }

  @Post()
  @Can('repository.manage')
  @Describe({
    id: 'createRepository',
    summary: 'Add a repository',
    description: 'A worker opens it, or creates it in an empty directory, within 20 seconds.',
    problems: [
      'resource.conflict',
      'repository.path_refused',
      'repository.unreachable',
      'repository.occupied',
      'repository.foreign',
      'repository.format_unsupported',
      'temporal.unavailable',
      'worker.unavailable',
    ],
  })
  @Answers(201, RepositoryAttached, { description: 'Added', etag: true })
  async create(
    @Body({ schema: CreateRepository }) given: CreateRepository,
    @CurrentActor() actor: Requester,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RepositoryAttached> {
    const created = await this.repositories.create(given, actor);
    response.setHeader('Location', `/api/v1/repositories/${created.id}`);
    return created;
  }

  @Get(':id')
  @Can('repository.read')
  @Describe({ id: 'getRepository', summary: 'One repository' })
  @Answers(200, RepositoryView, { etag: true })
  get(@Param('id', { schema: id }) repositoryId: string): Promise<RepositoryView> {
    return this.repositories.get(repositoryId);
  }

  @Patch(':id')
  @Can('repository.manage')
  @TakesIfMatch()
  @Describe({
    id: 'updateRepository',
    summary: 'Rename a repository, or make it the default',
    problems: ['resource.conflict'],
  })
  @Answers(200, RepositoryView, { etag: true })
  update(
    @Param('id', { schema: id }) repositoryId: string,
    @IfMatch() versions: number[] | null,
    @Body({ schema: UpdateRepository }) given: UpdateRepository,
    @CurrentActor() actor: Requester,
  ): Promise<RepositoryView> {
    return this.repositories.update(repositoryId, versions, given, actor);
  }

  @Post(':id/test')
  @Can('repository.test')
  @Describe({
    id: 'testRepository',
    summary: 'Write to it as a backup would',
    description:
      'A worker opens it, writes a small file, reads it back and removes it, and counts the backups, within 20 seconds. ' +
      'One that opens and cannot be written is told in the answer: it can be restored from.',
    problems: [
      ...(['repository.unreachable', 'repository.missing', 'repository.foreign'] as const),
      ...(['repository.format_unsupported', 'temporal.unavailable', 'worker.unavailable'] as const),
    ],
  })
  @Answers(200, RepositoryProbeReportView)
  test(@Param('id', { schema: id }) repositoryId: string): Promise<RepositoryProbeReportView> {
    return this.repositories.test(repositoryId);
  }

  @Delete(':id')
  @Can('repository.manage')
  @Describe({
    id: 'deleteRepository',
    summary: 'Forget a repository',
    description: 'Only one in which no backup is listed; its files stay where they are.',
    problems: ['resource.in_use'],
  })
  @AnswersNothing('Forgotten')
  delete(@Param('id', { schema: id }) repositoryId: string, @CurrentActor() actor: Requester): Promise<void> {
    return this.repositories.delete(repositoryId, actor);
  }
}
