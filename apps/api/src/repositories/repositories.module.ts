import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module.ts';
import { RepositoriesController } from './repositories.controller.ts';
import { RepositoriesService } from './repositories.service.ts';

@Module({
  imports: [OperationsModule],
  controllers: [RepositoriesController],
  providers: [RepositoriesService],
  exports: [RepositoriesService],
})
export class RepositoriesModule {}
