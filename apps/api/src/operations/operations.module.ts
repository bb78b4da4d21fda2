import { Module } from '@nestjs/common';
import { CodecController } from './codec.controller.ts';
import { OperationListener } from './operation-listener.ts';
import { OperationsService } from './operations.service.ts';
import { ProgressController } from './progress.controller.ts';
import { ProgressGateway } from './progress.gateway.ts';
import { ProgressService } from './progress.service.ts';
import { Reconciler } from './reconciler.ts';
import { ReleaseService } from './release.service.ts';
import { SystemStatusService } from './system-status.service.ts';
import { TemporalClient } from './temporal-client.ts';

@Module({
  controllers: [ProgressController, CodecController],
  providers: [
    TemporalClient,
    OperationsService,
    ProgressService,
    ReleaseService,
    SystemStatusService,
    OperationListener,
    ProgressGateway,
    Reconciler,
  ],
  exports: [OperationsService, TemporalClient],
})
export class OperationsModule {}
