import { ORDINARY_GAPS, type EnvironmentKind, type OperationKind, type OperationStatus } from '@holdfast/contracts';
import { Prisma } from '@holdfast/prisma';
import { IS_GOOD, IS_PROOF } from '../backups/backup-proof.ts';
import { ATTENTION, type Attention, type EnvironmentOverview } from './overview.dto.ts';

/** What an overview is asked for; `after` is where the page before ended. */
export interface OverviewQuestion {
  asOf: Date;
  backupOldAfterHours: number;
  proofOldAfterDays: number;
  search: string | undefined;
  after: OverviewPlace | null;
  limit: number;
}

/** An environment's place in the list: the answer from the worst, production first, more attention first, name. */
export interface OverviewPlace {
  rank: number;
  apart: boolean;
  calm: number;
  name: string;
}

/** A row as the statement answers it; instants within JSON have an offset. */
export interface OverviewRow extends OverviewPlace {
  id: string;
  kind: EnvironmentKind;
  color: string;
  attention: Attention[];
  lastBackup: EnvironmentOverview['lastBackup'];
  lastProven: EnvironmentOverview['lastProven'];
  lastFailure: EnvironmentOverview['lastFailure'];
  running: { operationId: string; kind: OperationKind; status: OperationStatus } | null;
  backups: number;
  storedBytes: number;
}

const newestBackup = (columns: Prisma.Sql, condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
  SELECT ${columns} FROM "backups" WHERE "environment_id" = e."id" AND ${condition} ORDER BY "taken_at" DESC LIMIT 1`;

const GOOD = newestBackup(
  Prisma.sql`"id", "name", "taken_at" AS "takenAt", "status", "verified_level" AS "verifiedLevel",
    "verification" ->> 'verdict' AS "verdict",
    ARRAY(SELECT gap ->> 'code' FROM jsonb_array_elements("coverage" -> 'gaps') AS gap) AS "gapCodes",
    coalesce(jsonb_array_length("coverage" -> 'gaps'), 0) AS "gaps"`,
  IS_GOOD,
);

const PROVEN = newestBackup(
  Prisma.sql`"id", "name", "taken_at" AS "takenAt", "proven_at" AS "verifiedAt", "proven_seconds" AS "seconds"`,
  IS_PROOF.proven,
);

const NEWEST = newestBackup(Prisma.sql`${IS_GOOD} AS "isGood"`, Prisma.sql`"status" <> 'expiring'`);

// The newest that ended of each kind: where it failed, nothing of that kind succeeded since. Ids follow creation.
const FAILURES = Prisma.sql`
  SELECT array_agg(ended."kind"::text) AS "kinds", jsonb_agg(jsonb_build_object(
    'operationId', ended."id", 'kind', ended."kind", 'at', coalesce(ended."finished_at", ended."created_at"),
    'code', coalesce(ended."error_code", 'operation.failed'), 'message', coalesce(ended."error_message", ''))
    ORDER BY ended."id" DESC) -> 0 AS "last"
  FROM unnest(ARRAY['backup', 'verify', 'restore']::operation_kind[]) AS of_kind
  CROSS JOIN LATERAL (
    SELECT * FROM "operations" o WHERE o."environment_id" = e."id" AND o."kind" = of_kind
    AND o."status" IN ('completed', 'failed') AND NOT o."dry_run" ORDER BY o."id" DESC LIMIT 1
  ) AS ended
  WHERE ended."status" = 'failed'`;

const failed = (kind: OperationKind): Prisma.Sql => Prisma.sql`coalesce(${kind} = ANY (failures."kinds"), false)`;

const ago = (unit: Prisma.Sql, count: number, asOf: Date): Prisma.Sql =>
  Prisma.sql`${asOf.toISOString()}::timestamptz - make_interval(${unit} => ${count}::int)`;

const conditions = ({ asOf, ...old }: OverviewQuestion): Record<Attention, Prisma.Sql> => ({
  'no-backup': Prisma.sql`newest."isGood" IS NULL`,
  'newest-damaged': Prisma.sql`NOT newest."isGood"`,
  'never-proven': Prisma.sql`good."id" IS NOT NULL AND proven."id" IS NULL`,
  'newest-unproven': Prisma.sql`good."id" <> proven."id"`,
  'backup-old': Prisma.sql`good."takenAt" < ${ago(Prisma.sql`hours`, old.backupOldAfterHours, asOf)}`,
  'proof-old': Prisma.sql`proven."verifiedAt" < ${ago(Prisma.sql`days`, old.proofOldAfterDays, asOf)}`,
  'last-backup-failed': failed('backup'),
  'last-verification-failed': failed('verify'),
  'last-restore-failed': failed('restore'),
  gaps: Prisma.sql`NOT good."gapCodes" <@ ${[...ORDINARY_GAPS]}::text[]`,
});

const attentionSql = (asked: OverviewQuestion): Prisma.Sql => {
  const condition = conditions(asked);
  const words = ATTENTION.map((word) => Prisma.sql`CASE WHEN ${condition[word]} THEN ${word} END`);
  return Prisma.sql`array_remove(ARRAY[${Prisma.join(words)}]::text[], NULL)`;
};

/** All environments are judged for every page: the worst is not known before. */
export function overviewSql(asked: OverviewQuestion): Prisma.Sql {
  const { search, after, limit } = asked;
  const found = search === undefined ? Prisma.sql`true` : Prisma.sql`strpos(lower(e."name"), lower(${search})) > 0`;
  const beyond =
    after === null
      ? Prisma.sql`true`
      : Prisma.sql`("rank", "apart", "calm", "name") > (${after.rank}::int, ${after.apart}, ${after.calm}::int, ${after.name})`;
  return Prisma.sql`
    WITH kept AS (
      SELECT "environment_id", count(*)::int AS "backups", sum("stored_bytes")::float8 AS "storedBytes"
      FROM "backups" WHERE "status" <> 'expiring' GROUP BY 1
    ), running AS (
      SELECT DISTINCT ON ("environment_id") "environment_id", "id" AS "operationId", "kind", "status"
      FROM "operations" WHERE "status" IN ('pending', 'running') ORDER BY "environment_id", "id" DESC
    ), judged AS (
      SELECT e."id", e."name", e."kind", e."color", NOT e."production" AS "apart",
        CASE WHEN proven."id" IS NOT NULL THEN 2 WHEN good."id" IS NOT NULL THEN 1 ELSE 0 END AS "rank",
        ${attentionSql(asked)} AS "attention",
        CASE WHEN good."id" IS NOT NULL THEN to_jsonb(good) END AS "lastBackup",
        CASE WHEN proven."id" IS NOT NULL THEN to_jsonb(proven) END AS "lastProven",
        failures."last" AS "lastFailure",
        CASE WHEN running."kind" IS NOT NULL THEN to_jsonb(running) - 'environment_id' END AS "running",
        coalesce(kept."backups", 0) AS "backups", coalesce(kept."storedBytes", 0) AS "storedBytes"
      FROM "environments" e
      LEFT JOIN kept ON kept."environment_id" = e."id"
      LEFT JOIN running ON running."environment_id" = e."id"
      LEFT JOIN LATERAL (${NEWEST}) AS newest ON true
      LEFT JOIN LATERAL (${GOOD}) AS good ON true
      LEFT JOIN LATERAL (${PROVEN}) AS proven ON true
      LEFT JOIN LATERAL (${FAILURES}) AS failures ON true
      WHERE e."deleted_at" IS NULL AND ${found}
    ), ranked AS (SELECT *, -cardinality("attention") AS "calm" FROM judged)
    SELECT * FROM ranked WHERE ${beyond} ORDER BY "rank", "apart", "calm", "name" LIMIT ${limit + 1}`;
}
