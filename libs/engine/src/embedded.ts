// The door to starting servers of our own, for tools and tests; the verbs are not loaded by it.
export { defaultToolsDir, executable, findClient, findServer, majorOf } from './postgres/binaries.ts';
export { canTie, isAlive, settles, startChild, type Child, type ChildOptions } from './postgres/child.ts';
export { prepareCluster, releaseDataDir, removeCluster, serverUser } from './postgres/cluster.ts';
export { freePort, startPostgres, type PostgresServer, type PostgresServerOptions } from './postgres/server.ts';
export type { PostgresTarget } from './postgres/target.ts';
