import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Can } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';
import { EnvironmentOverviewPage, EnvironmentOverviewQuery } from './overview.dto.ts';
import { OverviewService } from './overview.service.ts';

@ApiTags('environments')
@Controller('environments/overview')
export class OverviewController {
  constructor(private readonly overviews: OverviewService) {}

  @Get()
  @Can('environment.read')
  @Describe({
    id: 'listEnvironmentOverviews',
    summary: 'Whether each environment could be given back now, the worst first',
    description:
      'First those whose answer is `no`, then `unproven`, then `yes`; of one answer production first, then those that ' +
      'want more attention, then by name.',
  })
  @Answers(200, EnvironmentOverviewPage)
  list(@Query({ schema: EnvironmentOverviewQuery }) query: EnvironmentOverviewQuery): Promise<EnvironmentOverviewPage> {
    return this.overviews.list(query);
  }
}
