import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { OperationError } from '@holdfast/contracts';
import type { Component, RestoreInput } from '@holdfast/contracts';
import type { FunctionsPlace, ManagementEndpoint, ProjectPart, ProjectParts } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import type { LoadedEnvironment } from './sources.ts';

type Roots = Pick<ActivityDependencies, 'functionsRoots'>;
type Places = Pick<LoadedEnvironment, 'management' | 'functionsDirectory' | 'environment'>;

/**
 * Where an environment's functions are; its directory wins over the Management API. Links are resolved here: what the
 * API saw was only text. Null: it has not told us.
 */
async function functionsPlaceOf(
  { functionsRoots }: Roots,
  { functionsDirectory, management, environment }: Places,
): Promise<FunctionsPlace | null> {
  if (functionsDirectory === null) return management && { management };
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  const directory = await real(functionsDirectory);
  const roots = await Promise.all(functionsRoots.map(real));
  if (roots.some((root) => directory.startsWith(root.endsWith(sep) ? root : root + sep))) return { directory };
  throw new OperationError('repository.path_refused', `The functions directory of ${environment.name} is not allowed`, {
    hint: 'It must lie below one of HOLDFAST_FUNCTIONS_ROOTS of every worker, also once links are followed.',
  });
}

/** What a backup with these components reads beside the database. Throws `backup.component_unavailable`. */
export async function capturedParts(
  roots: Roots,
  environment: Places,
  components: Component[],
): Promise<{ functions?: FunctionsPlace; settings?: ManagementEndpoint }> {
  const place = components.includes('functions') ? await functionsPlaceOf(roots, environment) : undefined;
  const settings = components.includes('settings') ? environment.management : undefined;
  // the environment may have been changed since the request was checked
  if (place === null || settings === null) {
    const what = place === null ? 'functions' : 'settings';
    throw new OperationError('backup.component_unavailable', `${environment.environment.name} cannot give: ${what}`);
  }
  return { ...(place && { functions: place }), ...(settings && { settings }) };
}

const PARTS = ['functions', 'settings'] as const satisfies readonly ProjectPart[];

/**
 * What a restore gives back beside the database: all that the backup has, unless only parts of it were chosen. Throws
 * `restore.preflight_failed` for parts of a project that would go into a new database.
 */
export function partsOf(
  roots: Roots,
  target: Places,
  input: RestoreInput,
): Pick<ProjectParts, 'place' | 'management' | 'functions' | 'wanted' | 'named' | 'applySettings' | 'dryRun'> {
  const { functions = [], applySettings = false, dryRun, newDatabase, schemas, tables, content, components } = input;
  // a new database beside the environment's own is no project
  const whole = schemas.length === 0 && tables.length === 0 && content === 'all' && newDatabase === null;
  const chosen = { functions: functions.length > 0, settings: applySettings };
  const named = PARTS.filter((part) => chosen[part] || components?.includes(part));
  if (newDatabase !== null && (applySettings || named.includes('functions'))) {
    const message = `Functions and settings are those of ${target.environment.name}, not of a new database`;
    throw new OperationError('restore.preflight_failed', message, { hint: 'Restore them without newDatabase.' });
  }
  return {
    ...{ functions, applySettings, dryRun, named, management: target.management },
    wanted: PARTS.filter((part) => named.includes(part) || (whole && !components)),
    place: () => functionsPlaceOf(roots, target),
  };
}
