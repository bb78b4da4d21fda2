import type { PostgresTarget } from '@holdfast/engine/embedded';
import { connect } from '../../throwaway-postgres.ts';
import type { ProjectAccess } from '../project-server.ts';
import { APPLICATION_SQL, NOTES_SQL } from './application-sql.ts';
import { fillFunctions } from './fill-functions.ts';
import { fillObjects } from './fill-objects.ts';
import { planObjects, type PlannedObject } from './object-plan.ts';
import { fillPeople, type Person } from './people.ts';

export interface FillOptions {
  server: ProjectAccess;
  target: PostgresTarget;
  /** 50 if not given. */
  users?: number;
  /** 1,000 if not given; odd names come first. */
  objects?: number;
  /** Bytes of the one big object; 50 MB if not given, 0 for none. */
  bigObjectBytes?: number;
  /** Rounds of bcrypt as a power of two; 6 if not given, since the platform's 10 takes seconds for 50 users. */
  bcryptCost?: number;
  /** Deploys functions and changes settings through the Management API; true if not given. */
  functions?: boolean;
}

/** What was put into a project, for tests that look for it again. */
export interface FilledProject {
  users: Person[];
  objects: PlannedObject[];
  /** Slugs. */
  functions: string[];
}

/** Fills an empty project through its API where there is one; the same names, passwords and bytes every time. */
export async function fillProject(o: FillOptions): Promise<FilledProject> {
  const client = await connect(o.target);
  try {
    await client.query(APPLICATION_SQL);
    const users = await fillPeople(client, o.users ?? 50, o.bcryptCost ?? 6);
    await client.query(NOTES_SQL);
    const plan = planObjects(o.objects ?? 1000, users.length, o.bigObjectBytes ?? 50_000_000);
    const [objects, functions] = await Promise.all([
      fillObjects(o.server, plan),
      o.functions === false ? [] : fillFunctions(o.server),
    ]);
    return { users, objects, functions };
  } finally {
    await client.end();
  }
}
