import { VERIFY_LEVELS } from '@holdfast/contracts';
import type { BackupOutput, OperationKind, OperationTypes, VerificationResult } from '@holdfast/contracts';
import type { Backup, Operation, Prisma } from '@holdfast/prisma';
import { asJson } from './json.ts';
import type { BackupSummary, OperationResults } from './signatures.ts';

type Recorders = {
  [K in OperationKind]: (
    transaction: Prisma.TransactionClient,
    operation: Operation,
    result: OperationResults[K],
  ) => Promise<OperationTypes[K]['output']>;
};

const RECORDERS: Recorders = {
  backup: recordBackup,
  verify: recordVerification,
  restore: (_transaction, _operation, report) => Promise.resolve(report),
  expire: async (transaction, operation, output) => {
    await transaction.backup.deleteMany({ where: { id: inputOf<'expire'>(operation).backupId } });
    return output;
  },
};

/** Writes what a completed operation means for the catalog, in the caller's transaction; returns what it answers. */
export function recordResult<K extends OperationKind>(
  transaction: Prisma.TransactionClient,
  kind: K,
  operation: Operation,
  result: OperationResults[K],
): Promise<OperationTypes[K]['output']> {
  return RECORDERS[kind](transaction, operation, result);
}

/** The stored input of an operation; the API wrote it from a checked request. */
const inputOf = <K extends OperationKind>(operation: Operation): OperationTypes[K]['input'] =>
  operation.input as unknown as OperationTypes[K]['input'];

async function recordBackup(
  transaction: Prisma.TransactionClient,
  operation: Operation,
  summary: BackupSummary,
): Promise<BackupOutput> {
  const { takenAt, serverVersion, database, manifestSha256, ...output } = summary;
  const input = inputOf<'backup'>(operation);
  const row = {
    environmentId: input.environmentId,
    repositoryId: input.repositoryId,
    operationId: operation.id,
    name: input.name,
    description: input.description,
    tags: input.tags,
    components: input.components,
    kind: 'full',
    status: 'complete',
    serverVersion,
    database,
    sizeBytes: BigInt(output.sizeBytes),
    storedBytes: BigInt(output.storedBytes),
    tables: output.tables,
    rows: BigInt(output.rows),
    objects: BigInt(output.objects ?? 0),
    manifestSha256,
    coverage: asJson(output.coverage),
    takenAt,
    completedAt: new Date(),
  } as const;
  await transaction.backup.upsert({
    where: { id: input.backupId },
    create: { id: input.backupId, ...row },
    update: row,
  });
  return output;
}

async function recordVerification(
  transaction: Prisma.TransactionClient,
  operation: Operation,
  result: VerificationResult,
): Promise<VerificationResult> {
  const id = inputOf<'verify'>(operation).backupId;
  const backup = await transaction.backup.findUnique({ where: { id } });
  if (backup === null || provesLess(backup, result)) return result;
  const verifiedAt = new Date();
  await transaction.backup.update({
    where: { id },
    data: {
      verifiedLevel: foundDeeper(backup, result) ? backup.verifiedLevel : result.level,
      verifiedAt,
      verification: asJson(result),
      status: statusAfter(backup, result),
      ...proofAfter(result, verifiedAt),
    },
  });
  return result;
}

const isProven = (result: VerificationResult): boolean =>
  result.verdict === 'proven' || result.verdict === 'proven-with-gaps';

/** A shallower verification that finds nothing wrong leaves the proof of an earlier trial restore. */
function proofAfter(
  result: VerificationResult,
  at: Date,
): Pick<Prisma.BackupUpdateInput, 'provenAt' | 'provenSeconds'> {
  if (!isProven(result)) return { provenAt: null, provenSeconds: null };
  return result.level === 'restore' ? { provenAt: at, provenSeconds: result.seconds } : {};
}

/** True when a good result of a shallower level meets what a deeper one found wrong: it did not look there. */
const provesLess = (backup: Backup, result: VerificationResult): boolean =>
  isProven(result) && foundDeeper(backup, result);

/**
 * True when something was found wrong at a deeper level than this result's. That level stays, also when the shallower one
 * finds something too: else the next good result of it would take away what it cannot see.
 */
function foundDeeper(backup: Backup, result: VerificationResult): boolean {
  // written by `recordVerification`
  const found = backup.verification as Pick<VerificationResult, 'verdict'> | null;
  const wrong = backup.status === 'damaged' || found?.verdict === 'different';
  if (!wrong || backup.verifiedLevel === null) return false;
  return VERIFY_LEVELS.indexOf(result.level) < VERIFY_LEVELS.indexOf(backup.verifiedLevel);
}

function statusAfter(backup: Backup, result: VerificationResult): Backup['status'] {
  if (isProven(result)) return 'complete';
  return result.verdict === 'damaged' && backup.status === 'complete' ? 'damaged' : backup.status;
}
