import { Body, Controller, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, Describe, TakesIdempotencyKey } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { IdempotencyKey, type Idempotency } from '../http/idempotency.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { answerStarted } from '../operations/answer-started.ts';
import { OperationStarted } from '../operations/operation.dto.ts';
import { RetryOperation } from './retry.dto.ts';
import { RetryService } from './retry.service.ts';

/** Beside the verbs, whose guards it needs; in the document beside the other routes of an operation. */
@ApiTags('progress')
@Controller('progress')
export class RetryController {
  constructor(private readonly retries: RetryService) {}

  @Post(':id/retry')
  @Can('operation.read')
  @TakesIdempotencyKey()
  @Describe({
    id: 'retryOperation',
    summary: 'Try again what failed or was cancelled',
    description:
      'A new operation of the same kind and with the same choices, whose `retryOfId` names this one. It needs the ' +
      'permission that its start needs: `backup.create`, `backup.verify`, `backup.restore` or `backup.delete`. All ' +
      'guards of a start hold again; where a restore needs the name of its target typed, it is typed again.',
    problems: [
      ...(['operation.not_retryable', 'operation.environment_busy', 'resource.in_use'] as const),
      ...(['environment.address_refused', 'backup.component_unavailable'] as const),
      ...(['restore.wrong_target', 'restore.safety_backup_declined', 'temporal.unavailable'] as const),
    ],
  })
  @Answers(202, OperationStarted, { description: 'Started', location: true })
  async retry(
    @Param('id', { schema: idOf('the operation') }) operationId: string,
    @Body({ schema: RetryOperation }) given: RetryOperation,
    @CurrentActor() requester: Requester,
    @IdempotencyKey() idempotency: Idempotency | null,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationStarted> {
    return answerStarted(response, await this.retries.retry(operationId, given, { requester, idempotency }));
  }
}
