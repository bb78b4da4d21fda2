export * from './addresses.ts';
export * from './contents.ts';
export * from './environment-secrets.ts';
export * from './operation-error.ts';
export * from './operations.ts';
export * from './permissions.ts';
export * from './progress.ts';
export * from './reports.ts';
