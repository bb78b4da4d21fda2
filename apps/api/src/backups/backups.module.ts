import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.ts';
import { OperationsModule } from '../operations/operations.module.ts';
import { RepositoriesModule } from '../repositories/repositories.module.ts';
import { BackupVerbsService } from './backup-verbs.service.ts';
import { BackupsController } from './backups.controller.ts';
import { BackupsService } from './backups.service.ts';
import { CalendarController } from './calendar.controller.ts';
import { CalendarService } from './calendar.service.ts';
import { ContentsController } from './contents.controller.ts';
import { ContentsService } from './contents.service.ts';
import { DownloadService } from './download.service.ts';
import { RetryController } from './retry.controller.ts';
import { RetryService } from './retry.service.ts';
import { WorkerHttp } from './worker-http.service.ts';

@Module({
  imports: [OperationsModule, EnvironmentsModule, RepositoriesModule],
  // `backup/calendar` before `backup/:id`, which would take it for an id.
  controllers: [CalendarController, BackupsController, ContentsController, RetryController],
  providers: [
    BackupsService,
    BackupVerbsService,
    CalendarService,
    ContentsService,
    DownloadService,
    RetryService,
    WorkerHttp,
  ],
})
export class BackupsModule {}
