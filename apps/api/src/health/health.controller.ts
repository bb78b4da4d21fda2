import { Controller, Get, Inject, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { DATABASE } from '../database/database.module.ts';
import { Public } from '../http/access.ts';
import { Answers, Describe } from '../http/describe.ts';

const Healthy = z
  .object({ status: z.literal('ok').describe('Always `ok`: what is not well answers an error') })
  .meta({ id: 'Healthy' });
type Healthy = z.output<typeof Healthy>;

/** What a container's supervisor asks. */
@ApiTags('health')
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  @Get('live')
  @Public()
  @Describe({ id: 'isLive', summary: 'Whether this process runs' })
  @Answers(200, Healthy)
  live(): Healthy {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public()
  @Describe({
    id: 'isReady',
    summary: 'Whether it can answer requests: its database does',
    description: 'Temporal may be away: reads work without it.',
  })
  @Answers(200, Healthy)
  async ready(): Promise<Healthy> {
    await this.database.$queryRaw`SELECT 1`;
    return { status: 'ok' };
  }
}
