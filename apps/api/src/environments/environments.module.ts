import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module.ts';
import { EnvironmentsController } from './environments.controller.ts';
import { EnvironmentsService } from './environments.service.ts';

@Module({
  imports: [OperationsModule],
  controllers: [EnvironmentsController],
  providers: [EnvironmentsService],
  exports: [EnvironmentsService],
})
export class EnvironmentsModule {}
