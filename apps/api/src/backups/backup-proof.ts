import { Prisma } from '@holdfast/prisma';

export const PROOFS = ['proven', 'unproven', 'damaged'] as const;
/**
 * How sure it is that a backup can be given back: a trial restore did; nothing is known against it; or damage or a
 * difference was found. One that is being removed is none of them.
 */
export type Proof = (typeof PROOFS)[number];

const FOUND_WRONG = Prisma.sql`coalesce("verification" ->> 'verdict' IN ('damaged', 'different'), false)`;

/** Conditions on rows of `backups`, whose columns no other table of the statement may have. */
export const IS_GOOD = Prisma.sql`("status" = 'complete' AND NOT ${FOUND_WRONG})`;
export const IS_PROOF: Record<Proof, Prisma.Sql> = {
  proven: Prisma.sql`(${IS_GOOD} AND "proven_at" IS NOT NULL)`,
  unproven: Prisma.sql`(${IS_GOOD} AND "proven_at" IS NULL)`,
  damaged: Prisma.sql`("status" <> 'expiring' AND NOT ${IS_GOOD})`,
};
