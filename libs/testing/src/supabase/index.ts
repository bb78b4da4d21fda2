export { Faults, type Fault } from './faults.ts';
export { createProjectDatabase } from './database/project-database.ts';
export { newRef, startProjectServer, type ProjectServer, type ProjectServerOptions } from './project-server.ts';
export { ProjectTokens, type Caller } from './tokens.ts';
