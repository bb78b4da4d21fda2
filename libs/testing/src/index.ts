export { toolsDir } from './config.ts';
export { applyMigrations } from './migrations.ts';
export { makeTempDir, sweepTempDirs } from './temp-dir.ts';
export { findTemporal, SEARCH_ATTRIBUTES, startTemporal, type TemporalServer } from './temporal-server.ts';
export { connectionUrl, throwawayControlPlane, type ThrowawayControlPlane } from './throwaway-control-plane.ts';
export { connect, once, throwawayPostgres, type ThrowawayPostgres } from './throwaway-postgres.ts';
export { throwawayTemporal } from './throwaway-temporal.ts';
