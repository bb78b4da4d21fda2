import { Inject, Injectable } from '@nestjs/common';
import type { PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import {
  ANSWERS,
  type EnvironmentOverview,
  type EnvironmentOverviewPage,
  type EnvironmentOverviewQuery,
} from './overview.dto.ts';
import { overviewSql, type OverviewRow } from './overview-sql.ts';

// With the instant of the first page: what grows old meanwhile does not change its place between two pages.
const placeSchema = z.strictObject({
  asOf: z.iso.datetime(),
  rank: z.int().min(0).max(2),
  apart: z.boolean(),
  calm: z.int().min(-100).max(0),
  name: z.string().max(200),
});

/** Answers whether each environment could be given back now, the worst first. */
@Injectable()
export class OverviewService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async list({ limit, search, cursor }: EnvironmentOverviewQuery): Promise<EnvironmentOverviewPage> {
    const after = decodeCursor(cursor, placeSchema);
    const asOf = after?.asOf ?? new Date().toISOString();
    const thresholds = {
      backupOldAfterHours: this.config.HOLDFAST_BACKUP_OLD_AFTER_HOURS,
      proofOldAfterDays: this.config.HOLDFAST_PROOF_OLD_AFTER_DAYS,
    };
    const rows = await this.database.$queryRaw<OverviewRow[]>(
      overviewSql({ asOf: new Date(asOf), ...thresholds, search, after, limit }),
    );
    const page = cutPage(rows, limit, overviewView, ({ rank, apart, calm, name }) => ({
      ...{ asOf, rank, apart, calm, name },
    }));
    return { ...page, asOf, thresholds };
  }
}

const instant = (text: string): string => new Date(text).toISOString();

const overviewView = (row: OverviewRow): EnvironmentOverview => {
  const { lastBackup, lastProven, lastFailure } = row;
  return {
    environment: { id: row.id, name: row.name, kind: row.kind, color: row.color, production: !row.apart },
    answer: ANSWERS[row.rank] ?? 'no',
    attention: row.attention,
    lastBackup: lastBackup && { ...lastBackup, takenAt: instant(lastBackup.takenAt) },
    lastProven: lastProven && {
      ...lastProven,
      takenAt: instant(lastProven.takenAt),
      verifiedAt: instant(lastProven.verifiedAt),
    },
    lastFailure: lastFailure && { ...lastFailure, at: instant(lastFailure.at) },
    running: row.running,
    backups: row.backups,
    storedBytes: row.storedBytes,
  };
};
