import type { Coverage, VerificationResult } from '@holdfast/contracts';
import type { Backup } from '@holdfast/prisma';
import type { BackupDetail, BackupView } from './backup.dto.ts';

export type BackupRow = Backup & { environment: { name: string }; repository: { name: string } };

// Written by the worker from these very types.
const coverageOf = (row: Backup): Coverage => row.coverage as unknown as Coverage;
export const verificationOf = (row: Backup): VerificationResult | null =>
  row.verification as unknown as VerificationResult | null;

/** What lists show of a backup. */
export const backupView = (row: BackupRow): BackupView => ({
  id: row.id,
  name: row.name,
  description: row.description,
  tags: row.tags,
  environmentId: row.environmentId,
  environmentName: row.environment.name,
  repositoryId: row.repositoryId,
  repositoryName: row.repository.name,
  operationId: row.operationId,
  kind: row.kind,
  components: row.components,
  status: row.status,
  serverVersion: row.serverVersion,
  database: row.database,
  sizeBytes: Number(row.sizeBytes),
  storedBytes: Number(row.storedBytes),
  tables: row.tables,
  rows: Number(row.rows),
  objects: Number(row.objects),
  gaps: coverageOf(row).gaps.length,
  verifiedLevel: row.verifiedLevel,
  verifiedAt: row.verifiedAt?.toISOString() ?? null,
  verdict: verificationOf(row)?.verdict ?? null,
  provenAt: row.provenAt?.toISOString() ?? null,
  takenAt: row.takenAt.toISOString(),
  completedAt: row.completedAt.toISOString(),
  version: row.version,
});

export const backupDetail = (row: BackupRow): BackupDetail => ({
  ...backupView(row),
  manifestSha256: row.manifestSha256,
  coverage: coverageOf(row),
  verification: verificationOf(row),
});
