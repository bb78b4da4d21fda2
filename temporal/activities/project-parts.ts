import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { OperationError } from '@holdfast/contracts';
import type { Component, RestoreInput } from '@holdfast/contracts';
import type { FunctionsPlace, ManagementEndpoint, ProjectParts } from '@holdfast/engine';
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

/** What a restore gives back beside the database: all that the backup has, unless only parts of it were chosen. */
export async function partsOf(
  roots: Roots,
  target: Places,
  input: RestoreInput,
): Promise<Pick<ProjectParts, 'place' | 'management' | 'functions' | 'everything' | 'applySettings' | 'dryRun'>> {
  const { functions = [], applySettings = false, dryRun, newDatabase, schemas, tables, content, components } = input;
  // a new database beside the environment's own is no project
  const whole = schemas.length === 0 && tables.length === 0 && content === 'all' && newDatabase === null;
  return {
    ...{ functions, applySettings, dryRun, management: target.management },
    place: await functionsPlaceOf(roots, target),
    everything: (['functions', 'settings'] as const).filter((part) => components?.includes(part) ?? whole),
  };
}
