-- AlterTable
ALTER TABLE "backups" ADD COLUMN     "proven_at" TIMESTAMPTZ(6),
ADD COLUMN     "proven_seconds" DOUBLE PRECISION;

-- Trial restores that are on record already.
UPDATE "backups" SET "proven_at" = "verified_at", "proven_seconds" = ("verification" ->> 'seconds')::double precision
WHERE "verified_level" = 'restore' AND "verification" ->> 'verdict' IN ('proven', 'proven-with-gaps');
