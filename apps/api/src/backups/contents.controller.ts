import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { ErrorCode } from '@holdfast/contracts';
import type { Response } from 'express';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { BackupContents, BackupObjects, ContentsQuery, ObjectsQuery } from './contents.dto.ts';
import { ContentsService } from './contents.service.ts';

const id = idOf('the backup');
const PROBLEMS: ErrorCode[] = [
  ...(['resource.in_use', 'manifest.missing', 'manifest.damaged', 'backup.damaged'] as const),
  ...(['repository.unreachable', 'worker.unavailable'] as const),
];

@ApiTags('backups')
@Controller('backup/:id')
export class ContentsController {
  constructor(private readonly service: ContentsService) {}

  @Get('contents')
  @Can('backup.read')
  @Describe({
    id: 'listBackupContents',
    summary: 'What is inside a backup, table by table',
    description:
      'By kind, schema and name, as a worker reads it in the manifest: tables with rows and checksums, texts, buckets, ' +
      'functions, settings. With the result of a verification this says which tables were compared equal: all but the ' +
      'subjects of its differences.',
    problems: PROBLEMS,
  })
  @Answers(200, BackupContents)
  contents(
    @Param('id', { schema: id }) backupId: string,
    @Query({ schema: ContentsQuery }) query: ContentsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<BackupContents> {
    return this.service.contents(backupId, query, whileAwaited(response));
  }

  @Get('objects')
  @Can('backup.read')
  @Describe({
    id: 'listBackupObjects',
    summary: 'The storage objects inside a backup',
    description:
      'By bucket and name, in the order of their bytes. Where a search finds little in a very long list a page may hold ' +
      'fewer than `limit`, also none; `nextCursor` goes on all the same.',
    problems: PROBLEMS,
  })
  @Answers(200, BackupObjects)
  objects(
    @Param('id', { schema: id }) backupId: string,
    @Query({ schema: ObjectsQuery }) query: ObjectsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<BackupObjects> {
    return this.service.objects(backupId, query, whileAwaited(response));
  }
}

/** Aborted when the client goes away: nothing is read for nobody. */
function whileAwaited(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
