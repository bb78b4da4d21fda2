import { OperationError, type Component, type StorageChoice } from '@holdfast/contracts';
import type { Environment } from '@holdfast/prisma';

type Source = Pick<Environment, 'name' | 'projectUrl' | 'sealedServiceKey'>;

/** What each component needs of an environment beside its database, in words; null: it has all. */
const LACKS: Record<Component, (of: Source) => string | null> = {
  database: () => null,
  storage: ({ projectUrl, sealedServiceKey }) => {
    const missing = [
      ...(projectUrl === null ? ['projectUrl'] : []),
      ...(sealedServiceKey === null ? ['serviceKey'] : []),
    ];
    return missing.length === 0 ? null : missing.join(' and ');
  },
};

/** All that an environment can give. */
const allOf = (environment: Source): Component[] =>
  (Object.keys(LACKS) as Component[]).filter((component) => LACKS[component](environment) === null);

/** What is backed up; throws `backup.component_unavailable` naming what the environment lacks for what was asked for. */
export function componentsOf(environment: Source, asked?: readonly Component[]): Component[] {
  if (asked === undefined) return allOf(environment);
  const errors = asked.flatMap((component) => {
    const lacks = LACKS[component](environment);
    return lacks === null ? [] : [{ at: 'components', message: `${component} needs ${lacks} of the environment` }];
  });
  if (errors.length === 0) return [...new Set(asked)];
  const told = errors.map(({ message }) => message).join('; ');
  throw new OperationError('backup.component_unavailable', `${environment.name} cannot give this: ${told}`, {
    hint: 'Give the environment what is missing, or back up without it.',
    errors,
  });
}

/** Refuses a choice of objects where no storage is asked for. */
export function requireStorage(components: readonly Component[], choice: StorageChoice | null): void {
  if (choice === null || components.includes('storage')) return;
  throw new OperationError('request.invalid', 'Please correct: storage', {
    errors: [{ at: 'storage', message: 'chooses objects, but storage is not among the components' }],
  });
}
