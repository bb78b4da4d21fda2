import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { AuditPage, AuditQuery } from './audit.dto.ts';
import { AuditService } from './audit.service.ts';

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
}
