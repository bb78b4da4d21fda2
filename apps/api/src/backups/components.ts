import { COMPONENTS, OperationError, type Component, type FieldError, type StorageChoice } from '@holdfast/contracts';
import type { Environment } from '@holdfast/prisma';

/** What of an environment tells how each part of its project is reached. */
export type ProjectAccess = Pick<
  Environment,
  'name' | 'projectUrl' | 'sealedServiceKey' | 'projectRef' | 'sealedAccessToken' | 'functionsDirectory'
>;

const lacking = (fields: Record<string, string | null>): string | null =>
  Object.entries(fields)
    .filter(([, value]) => value === null)
    .map(([name]) => name)
    .join(' and ') || null;

const managementLacks = ({ projectRef, sealedAccessToken }: ProjectAccess): string | null =>
  lacking({ projectRef, accessToken: sealedAccessToken });

/** What each component needs of an environment beside its database and it does not have, in words; null: it has all. */
export const LACKS: Record<Component, (of: ProjectAccess) => string | null> = {
  database: () => null,
  storage: ({ projectUrl, sealedServiceKey }) => lacking({ projectUrl, serviceKey: sealedServiceKey }),
  functions: (environment) => {
    if (environment.functionsDirectory !== null) return null;
    const lacks = managementLacks(environment);
    return lacks && `functionsDirectory, or ${lacks}`;
  },
  settings: managementLacks,
};

/** All that a backup of an environment can hold. */
export const availableComponents = (environment: ProjectAccess): Component[] =>
  COMPONENTS.filter((component) => LACKS[component](environment) === null);

/** What a backup shall hold: what was asked for, or all that there is. Throws `backup.component_unavailable`. */
export function chosenComponents(asked: Component[] | undefined, environment: ProjectAccess): Component[] {
  if (asked === undefined) return availableComponents(environment);
  const errors = asked.flatMap((component, index) => {
    const lacks = LACKS[component](environment);
    const message = `${component} needs ${lacks} of the environment`;
    return lacks === null ? [] : [{ at: `components.${index}`, message }];
  });
  if (errors.length === 0) return COMPONENTS.filter((component) => asked.includes(component));
  const told = errors.map(({ message }) => message).join('; ');
  throw new OperationError('backup.component_unavailable', `${environment.name} cannot give this: ${told}`, {
    hint: 'Give the environment what is missing, or back up without it.',
    errors,
  });
}

/** A choice of objects where no storage is asked for. */
export const storageErrors = (components: readonly Component[] | null, choice: StorageChoice | null): FieldError[] =>
  choice === null || components === null || components.includes('storage')
    ? []
    : [{ at: 'storage', message: 'chooses objects, but storage is not among the components' }];
