import { Module } from '@nestjs/common';
import { StorageUsageController } from './storage-usage.controller.ts';
import { StorageUsageService } from './storage-usage.service.ts';

@Module({ controllers: [StorageUsageController], providers: [StorageUsageService] })
export class StorageModule {}
