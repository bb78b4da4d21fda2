import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { AuditEntryView, AuditPage, AuditQuery } from './audit.dto.ts';
import { AuditService } from './audit.service.ts';

const id = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, { error: 'expected the id of an entry' })
  .describe('The `id` of the entry: a number in digits');

@ApiTags('audit')
@Controller('backup/audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @Can('audit.read')
  @Describe({ id: 'listAuditEntries', summary: 'Who did what, newest first' })
  @Answers(200, AuditPage)
  list(@Query({ schema: AuditQuery }) query: AuditQuery): Promise<AuditPage> {
    return this.audit.list(query);
  }

  @Get('entries/:id')
  @Can('audit.read')
  @Describe({ id: 'getAuditEntry', summary: 'One entry of the audit' })
  @Answers(200, AuditEntryView)
  get(@Param('id', { schema: id }) entryId: string): Promise<AuditEntryView> {
    return this.audit.get(entryId);
  }
}
