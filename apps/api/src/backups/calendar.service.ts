import { Inject, Injectable } from '@nestjs/common';
import { Prisma, type PrismaClient } from '@holdfast/prisma';
import { DATABASE } from '../database/database.module.ts';
import { periodsOf } from '../http/time-range.ts';
import { IS_GOOD } from './backup-proof.ts';
import type { BackupCalendar, BackupCalendarQuery } from './calendar.dto.ts';

const USUAL_DAYS = 365;

interface DayRow {
  period: number;
  good: number;
  damaged: number;
  failed: number;
  storedBytes: number;
}

/** Counts what happened on each day of a range. */
@Injectable()
export class CalendarService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  async get(query: BackupCalendarQuery): Promise<BackupCalendar> {
    const { days, starts, end } = periodsOf(query, 'day', USUAL_DAYS);
    const { environmentId } = query;
    const within = (column: Prisma.Sql): Prisma.Sql => Prisma.sql`
      ${column} >= ${starts[0]}::timestamptz AND ${column} < ${end}::timestamptz
      AND ${environmentId === undefined ? Prisma.sql`true` : Prisma.sql`"environment_id" = ${environmentId}::uuid`}`;
    const rows = await this.database.$queryRaw<DayRow[]>`
      WITH told AS (
        SELECT "taken_at" AS "at", ${IS_GOOD}::int AS "good", (NOT ${IS_GOOD})::int AS "damaged", 0 AS "failed",
          "stored_bytes"
        FROM "backups" WHERE "status" <> 'expiring' AND ${within(Prisma.sql`"taken_at"`)}
        UNION ALL
        SELECT "created_at", 0, 0, 1, 0
        FROM "operations" WHERE "kind" = 'backup' AND "status" = 'failed' AND ${within(Prisma.sql`"created_at"`)}
      )
      SELECT width_bucket("at", ${starts}::timestamptz[]) AS "period", sum("good")::int AS "good",
        sum("damaged")::int AS "damaged", sum("failed")::int AS "failed", sum("stored_bytes")::float8 AS "storedBytes"
      FROM told GROUP BY 1 ORDER BY 1`;
    return {
      timeZone: query.timeZone,
      days: rows.map(({ period, ...day }) => ({ day: days[period - 1] ?? '', ...day })),
    };
  }
}
