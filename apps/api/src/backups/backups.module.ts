import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.ts';
import { OperationsModule } from '../operations/operations.module.ts';
import { RepositoriesModule } from '../repositories/repositories.module.ts';
import { BackupVerbsService } from './backup-verbs.service.ts';
import { BackupsController } from './backups.controller.ts';
import { BackupsService } from './backups.service.ts';
import { DownloadService } from './download.service.ts';

@Module({
  imports: [OperationsModule, EnvironmentsModule, RepositoriesModule],
  controllers: [BackupsController],
  providers: [BackupsService, BackupVerbsService, DownloadService],
})
export class BackupsModule {}
