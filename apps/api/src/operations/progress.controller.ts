import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { answerStarted } from './answer-started.ts';
import {
  CleanOperations,
  EventQuery,
  OperationDetail,
  OperationEventPage,
  OperationPage,
  OperationQuery,
  OperationsCleaned,
  OperationStarted,
} from './operation.dto.ts';
import { ProgressService } from './progress.service.ts';
import { ReleaseReportView } from './release.dto.ts';
import { ReleaseService } from './release.service.ts';
import { SystemStatus } from './system-status.dto.ts';
import { SystemStatusService } from './system-status.service.ts';

const id = idOf('the operation');

@ApiTags('progress')
@Controller('progress')
export class ProgressController {
  constructor(
    private readonly progress: ProgressService,
    private readonly status: SystemStatusService,
    private readonly releases: ReleaseService,
  ) {}

  @Get()
  @Can('operation.read')
  @Describe({ id: 'listOperations', summary: 'Search the operations, newest first unless said' })
  @Answers(200, OperationPage)
  list(@Query({ schema: OperationQuery }) query: OperationQuery): Promise<OperationPage> {
    return this.progress.list(query);
  }

  @Get('health/status')
  @Can('health.read')
  @Describe({
    id: 'getSystemStatus',
    summary: 'Whether Temporal, workers, the database and the repositories answer',
    description: 'Always 200: a part that does not answer is told in the body.',
  })
  @Answers(200, SystemStatus)
  health(): Promise<SystemStatus> {
    return this.status.get();
  }

  @Post('cleanup')
  @Can('operation.clean')
  @Describe({
    id: 'cleanOperations',
    summary: 'Delete operations that ended long ago',
    description: 'One that made a backup still listed, or a copy still in quarantine, is never deleted.',
  })
  @Answers(200, OperationsCleaned)
  clean(
    @Body({ schema: CleanOperations }) request: CleanOperations,
    @CurrentActor() actor: Requester,
  ): Promise<OperationsCleaned> {
    return this.progress.clean(request, actor);
  }

  @Get(':id')
  @Can('operation.read')
  @Describe({ id: 'getOperation', summary: 'One operation with its progress and result' })
  @Answers(200, OperationDetail)
  get(@Param('id', { schema: id }) operationId: string): Promise<OperationDetail> {
    return this.progress.get(operationId);
  }

  @Get(':id/events')
  @Can('operation.read')
  @Describe({ id: 'listOperationEvents', summary: 'What happened in an operation, in order' })
  @Answers(200, OperationEventPage)
  events(
    @Param('id', { schema: id }) operationId: string,
    @Query({ schema: EventQuery }) query: EventQuery,
  ): Promise<OperationEventPage> {
    return this.progress.events(operationId, query);
  }

  @Post(':id/cancel')
  @Can('operation.cancel')
  @Describe({
    id: 'cancelOperation',
    summary: 'Ask an operation to stop',
    description: 'It undoes what it has begun, and ends as `cancelled`; one that has not begun ends at once.',
    problems: ['operation.not_cancellable'],
  })
  @Answers(202, OperationStarted, { description: 'It was told to stop', location: true })
  async cancel(
    @Param('id', { schema: id }) operationId: string,
    @CurrentActor() actor: Requester,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationStarted> {
    return answerStarted(response, await this.progress.cancel(operationId, actor));
  }

  @Post(':id/release')
  @Can('backup.restore')
  @Describe({
    id: 'releaseRestore',
    summary: 'Switch on again what a restore switched off in its copy',
    description:
      'Scheduled jobs, webhooks, event triggers and foreign servers that the restore quarantined, and only those. A ' +
      'second call answers what the first one did. Also for a restore that failed, or was cancelled, after its database ' +
      'was in place.',
    problems: [
      ...(['restore.not_quarantined', 'operation.environment_busy', 'environment.address_refused'] as const),
      ...(['environment.unreachable', 'environment.sign_in_failed', 'environment.database_missing'] as const),
      ...(['postgres.lock_timeout', 'postgres.permission_denied', 'temporal.unavailable'] as const),
      'worker.unavailable',
    ],
  })
  @Answers(200, ReleaseReportView)
  release(
    @Param('id', { schema: id }) operationId: string,
    @CurrentActor() actor: Requester,
  ): Promise<ReleaseReportView> {
    return this.releases.release(operationId, actor);
  }
}
