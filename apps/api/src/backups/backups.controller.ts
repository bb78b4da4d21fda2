import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { ErrorCode } from '@holdfast/contracts';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, Describe, TakesIdempotencyKey, TakesIfMatch } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { IdempotencyKey, type Idempotency } from '../http/idempotency.ts';
import { IfMatch } from '../http/if-match.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { answerStarted } from '../operations/answer-started.ts';
import { OperationStarted } from '../operations/operation.dto.ts';
import { BackupVerbsService } from './backup-verbs.service.ts';
import { BackupDetail, BackupPage, BackupQuery, CreateBackup, RestoreBackup, UpdateBackup } from './backup.dto.ts';
import { BackupsService } from './backups.service.ts';
import { DownloadService } from './download.service.ts';
import { ValidateBackup, ValidationStatus } from './verification.dto.ts';

const id = idOf('the backup');
const STARTED = { description: 'Started', location: true };
const START_PROBLEMS: ErrorCode[] = ['temporal.unavailable'];

@ApiTags('backups')
@Controller('backup')
export class BackupsController {
  constructor(
    private readonly backups: BackupsService,
    private readonly verbs: BackupVerbsService,
    private readonly downloads: DownloadService,
  ) {}

  @Post()
  @Can('backup.create')
  @TakesIdempotencyKey()
  @Describe({
    id: 'startBackup',
    summary: 'Back up an environment',
    description: 'It is listed once every byte was written, read back and checked.',
    problems: ['resource.not_found', 'operation.environment_busy', 'environment.address_refused', ...START_PROBLEMS],
  })
  @Answers(202, OperationStarted, STARTED)
  async backup(
    @Body({ schema: CreateBackup }) given: CreateBackup,
    @CurrentActor() requester: Requester,
    @IdempotencyKey() idempotency: Idempotency | null,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationStarted> {
    return answerStarted(response, await this.verbs.backup(given, { requester, idempotency }));
  }

  @Get()
  @Can('backup.read')
  @Describe({ id: 'listBackups', summary: 'Search the backups' })
  @Answers(200, BackupPage)
  list(@Query({ schema: BackupQuery }) query: BackupQuery): Promise<BackupPage> {
    return this.backups.list(query);
  }

  @Get(':id')
  @Can('backup.read')
  @Describe({ id: 'getBackup', summary: 'One backup with its coverage and the evidence that it restores' })
  @Answers(200, BackupDetail, { etag: true })
  get(@Param('id', { schema: id }) backupId: string): Promise<BackupDetail> {
    return this.backups.get(backupId);
  }

  @Patch(':id')
  @Can('backup.edit')
  @TakesIfMatch()
  @Describe({ id: 'updateBackup', summary: 'Change a name, a description, tags' })
  @Answers(200, BackupDetail, { etag: true })
  update(
    @Param('id', { schema: id }) backupId: string,
    @IfMatch() versions: number[] | null,
    @Body({ schema: UpdateBackup }) given: UpdateBackup,
    @CurrentActor() actor: Requester,
  ): Promise<BackupDetail> {
    return this.backups.update(backupId, versions, given, actor);
  }

  @Delete(':id')
  @Can('backup.delete')
  @TakesIdempotencyKey()
  @Describe({
    id: 'deleteBackup',
    summary: 'Remove a backup and what only it needed',
    problems: ['resource.in_use', ...START_PROBLEMS],
  })
  @Answers(202, OperationStarted, STARTED)
  async delete(
    @Param('id', { schema: id }) backupId: string,
    @CurrentActor() requester: Requester,
    @IdempotencyKey() idempotency: Idempotency | null,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationStarted> {
    return answerStarted(response, await this.verbs.expire(backupId, { requester, idempotency }));
  }

  @Post(':id/restore')
  @Can('backup.restore')
  @TakesIdempotencyKey()
  @Describe({
    id: 'restoreBackup',
    summary: 'Give a backup back',
    description:
      'To its own environment, another one, or a new database; all of it, or chosen schemas and tables. With ' +
      '`dryRun`, the pre-flight report only. A production target is backed up first.',
    problems: [
      ...(['resource.in_use', 'operation.environment_busy', 'environment.address_refused'] as const),
      ...(['restore.wrong_target', 'restore.safety_backup_declined'] as const),
      ...START_PROBLEMS,
    ],
  })
  @Answers(202, OperationStarted, STARTED)
  async restore(
    @Param('id', { schema: id }) backupId: string,
    @Body({ schema: RestoreBackup }) given: RestoreBackup,
    @CurrentActor() requester: Requester,
    @IdempotencyKey() idempotency: Idempotency | null,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationStarted> {
    return answerStarted(response, await this.verbs.restore(backupId, given, { requester, idempotency }));
  }

  @Post(':id/validate')
  @Can('backup.verify')
  @TakesIdempotencyKey()
  @Describe({
    id: 'validateBackup',
    summary: 'Prove that a backup is good',
    problems: ['resource.in_use', ...START_PROBLEMS],
  })
  @Answers(202, OperationStarted, STARTED)
  async validate(
    @Param('id', { schema: id }) backupId: string,
    @Body({ schema: ValidateBackup }) given: ValidateBackup,
    @CurrentActor() requester: Requester,
    @IdempotencyKey() idempotency: Idempotency | null,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationStarted> {
    return answerStarted(response, await this.verbs.verify(backupId, given, { requester, idempotency }));
  }

  @Get(':id/validation-status')
  @Can('backup.read')
  @Describe({ id: 'getValidationStatus', summary: 'Whether, when and how far a backup was proven' })
  @Answers(200, ValidationStatus)
  validationStatus(@Param('id', { schema: id }) backupId: string): Promise<ValidationStatus> {
    return this.backups.validationStatus(backupId);
  }

  @Get(':id/download')
  @Can('backup.download')
  @Describe({
    id: 'downloadBackup',
    summary: 'A tar of plain files that psql and zstd restore',
    description: 'A README inside says how. Each download is in the audit.',
    problems: [
      'resource.in_use',
      'manifest.missing',
      'manifest.damaged',
      'repository.unreachable',
      'worker.unavailable',
    ],
  })
  @ApiProduces('application/x-tar')
  @ApiResponse({
    status: 200,
    description: 'The tar',
    headers: { 'Content-Disposition': { description: 'Its file name', schema: { type: 'string' } } },
    schema: { type: 'string', format: 'binary' },
  })
  download(
    @Param('id', { schema: id }) backupId: string,
    @CurrentActor() actor: Requester,
    @Res() response: Response,
  ): Promise<void> {
    return this.downloads.stream(backupId, actor, response);
  }
}
