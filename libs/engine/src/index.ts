export * from './backup/backup.ts';
export * from './postgres/binaries.ts';
export { connect, disconnect, withConnection } from './postgres/connection.ts';
export * from './postgres/catalog.ts';
export * from './postgres/probe.ts';
export * from './postgres/server.ts';
export type { PostgresTarget } from './postgres/target.ts';
export { probeRepository } from './repository/probe-repository.ts';
export { attachRepository, openRepository, type Repository } from './repository/repository.ts';
export type { Run } from './run.ts';
export { readContents, type BackupContents } from './contents/contents.ts';
export { pageOfContents } from './contents/contents-page.ts';
export { pageOfObjects } from './contents/objects-page.ts';
export { writeBackupTar } from './download/backup-tar.ts';
export { expire, type ExpireArguments } from './retention/expire.ts';
export {
  restoreProjectParts,
  type ProjectPart,
  type ProjectParts,
  type RestoredParts,
} from './functions/restore-parts.ts';
export { dropLeftovers } from './restore/leftovers.ts';
export { release, requireReleased } from './restore/quarantine.ts';
export { afterDatabase, isRestored, settleRestore } from './restore/restored.ts';
export type { TargetGuard } from './restore/wrong-target.ts';
export { isBlocked, refuseBlockers } from './restore/preflight.ts';
export { restore, type RestoreArguments } from './restore/restore.ts';
export { scratchServers, type ScratchServers } from './verify/scratch.ts';
export { storageProblem } from './storage/check-storage.ts';
export { type StorageSource } from './storage/capture-storage.ts';
export { type FunctionsPlace } from './functions/capture-functions.ts';
export { MANAGEMENT_URL, type ManagementEndpoint } from './functions/management-client.ts';
export { type StorageEndpoint } from './storage/storage-client.ts';
export { verify, type VerifyInput as VerifyArguments } from './verify/verify.ts';
