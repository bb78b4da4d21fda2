import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { BackupCalendar, BackupCalendarQuery } from './calendar.dto.ts';
import { CalendarService } from './calendar.service.ts';

@ApiTags('backups')
@Controller('backup/calendar')
export class CalendarController {
  constructor(private readonly calendar: CalendarService) {}

  @Get()
  @Can('backup.read')
  @Describe({
    id: 'getBackupCalendar',
    summary: 'How many backups there are of each day, and how many failed',
    description:
      'A backup belongs to the day of its snapshot, a failure to the day it was asked for. At most 400 days; the last ' +
      '365 unless `from` is said.',
  })
  @Answers(200, BackupCalendar)
  get(@Query({ schema: BackupCalendarQuery }) query: BackupCalendarQuery): Promise<BackupCalendar> {
    return this.calendar.get(query);
  }
}
