import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { StorageUsage, StorageUsageQuery } from './storage-usage.dto.ts';
import { StorageUsageService } from './storage-usage.service.ts';

@ApiTags('storage')
@Controller('backup/storage/usage')
export class StorageUsageController {
  constructor(private readonly usage: StorageUsageService) {}

  @Get()
  @Can('backup.read')
  @Describe({
    id: 'getStorageUsage',
    summary: 'What the backups that are kept take up, and since when',
    description:
      'Of backups that are still kept: what was removed is in no figure, not in `growth` either, which tells by the ' +
      'instant of their snapshots. A chunk counts for the backup that stored it first; where that is removed while ' +
      'others need the chunk, it counts no more, so that a repository may be larger than these figures. `from`, `to`, ' +
      '`step` and `timeZone` are for `growth` alone: at most 400 steps, the last 90 days, 53 weeks or 24 months unless ' +
      '`from` is said. `byRepository` and `byEnvironment` hold the largest 50.',
  })
  @Answers(200, StorageUsage)
  get(@Query({ schema: StorageUsageQuery }) query: StorageUsageQuery): Promise<StorageUsage> {
    return this.usage.get(query);
  }
}
