import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, AnswersNothing, Describe, TakesIfMatch } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { IfMatch } from '../http/if-match.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import {
  CreateEnvironment,
  EnvironmentPage,
  EnvironmentQuery,
  EnvironmentView,
  UpdateEnvironment,
} from './environment.dto.ts';
import { EnvironmentsService } from './environments.service.ts';
import { ProbeReportView } from './probe-report.dto.ts';

const id = idOf('the environment');

@ApiTags('environments')
@Controller('environments')
export class EnvironmentsController {
  constructor(private readonly environments: EnvironmentsService) {}

  @Get()
  @Can('environment.read')
  @Describe({ id: 'listEnvironments', summary: 'Environments by name' })
  @Answers(200, EnvironmentPage)
  list(@Query({ schema: EnvironmentQuery }) query: EnvironmentQuery): Promise<EnvironmentPage> {
    return this.environments.list(query);
  }

  @Post()
  @Can('environment.edit')
  @Describe({
    id: 'createEnvironment',
    summary: 'Add an environment',
    description:
      'The connection comes as parts or as a URL. The password is sealed and never returned. Addresses of this ' +
      'machine, link-local and metadata addresses are refused unless the configuration allows them.',
    problems: ['resource.conflict', 'environment.address_refused'],
  })
  @Answers(201, EnvironmentView, { description: 'Added', etag: true })
  async create(
    @Body({ schema: CreateEnvironment }) given: CreateEnvironment,
    @CurrentActor() actor: Requester,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EnvironmentView> {
    const created = await this.environments.create(given, actor);
    response.setHeader('Location', `/api/v1/environments/${created.id}`);
    return created;
  }

  @Get(':id')
  @Can('environment.read')
  @Describe({ id: 'getEnvironment', summary: 'One environment' })
  @Answers(200, EnvironmentView, { etag: true })
  get(@Param('id', { schema: id }) environmentId: string): Promise<EnvironmentView> {
    return this.environments.get(environmentId);
  }

  @Patch(':id')
  @Can('environment.edit')
  @TakesIfMatch()
  @Describe({
    id: 'updateEnvironment',
    summary: 'Change an environment',
    description: 'What is not given stays as it is, the password too.',
    problems: ['resource.conflict', 'environment.address_refused'],
  })
  @Answers(200, EnvironmentView, { etag: true })
  update(
    @Param('id', { schema: id }) environmentId: string,
    @IfMatch() versions: number[] | null,
    @Body({ schema: UpdateEnvironment }) given: UpdateEnvironment,
    @CurrentActor() actor: Requester,
  ): Promise<EnvironmentView> {
    return this.environments.update(environmentId, versions, given, actor);
  }

  @Delete(':id')
  @Can('environment.edit')
  @Describe({
    id: 'deleteEnvironment',
    summary: 'Remove an environment',
    description:
      'Only one without backups: it deletes none of them, and is refused while one is listed. Its stored secrets go and its ' +
      'name is free again; its operations and audit entries stay.',
    problems: ['resource.in_use', 'operation.environment_busy'],
  })
  @AnswersNothing('Removed')
  delete(@Param('id', { schema: id }) environmentId: string, @CurrentActor() actor: Requester): Promise<void> {
    return this.environments.delete(environmentId, actor);
  }

  @Post(':id/test')
  @Can('environment.test')
  @Describe({
    id: 'testEnvironment',
    summary: 'Connect to it as a backup would',
    description: 'A worker connects and reports what it found, within 20 seconds.',
    problems: [
      'environment.address_refused',
      'environment.unreachable',
      'environment.sign_in_failed',
      'environment.tls_failed',
      'environment.database_missing',
      'postgres.version_unsupported',
      'temporal.unavailable',
      'worker.unavailable',
    ],
  })
  @Answers(200, ProbeReportView)
  test(@Param('id', { schema: id }) environmentId: string): Promise<ProbeReportView> {
    return this.environments.test(environmentId);
  }
}
