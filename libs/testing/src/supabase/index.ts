export { ordinaryOwner } from './database/ordinary-owner.ts';
export { createProjectDatabase } from './database/project-database.ts';
export { Faults, type Fault } from './faults.ts';
export { fillFunctions, FUNCTION_SOURCES } from './fill/fill-functions.ts';
export { fillProject, type FilledProject, type FillOptions } from './fill/fill-project.ts';
export { bytesOf, sha256Of, type PlannedObject } from './fill/object-plan.ts';
export { person, type Person } from './fill/people.ts';
export { plantObjects, plantSparseObject } from './fill/plant.ts';
export {
  newRef,
  startProjectServer,
  type ProjectAccess,
  type ProjectServer,
  type ProjectServerOptions,
} from './project-server.ts';
export { ProjectTokens, type Caller } from './tokens.ts';
