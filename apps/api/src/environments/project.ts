import { sealedFor, type EnvironmentSecret } from '@holdfast/contracts';
import { sealSecret } from '@holdfast/crypto';
import type { Environment } from '@holdfast/prisma';
import type { Config } from '../config.ts';
import { guardAddress, hostOf } from '../http/address-guard.ts';
import { allChecks, invalidFields } from '../http/all-checks.ts';
import { belowRoot } from '../http/below-root.ts';

/** What a request may say of a project's own servers and files: left out is kept, null is taken away. */
export interface GivenProject {
  projectRef?: string | null | undefined;
  projectUrl?: string | null | undefined;
  serviceKey?: string | null | undefined;
  managementUrl?: string | null | undefined;
  accessToken?: string | null | undefined;
  functionsDirectory?: string | null | undefined;
}

type ProjectColumns = Pick<
  Environment,
  'projectRef' | 'projectUrl' | 'sealedServiceKey' | 'managementUrl' | 'sealedAccessToken' | 'functionsDirectory'
>;

/** A secret, and what says where it is sent and what it is used on. */
const SENT_TO = [
  { secret: 'serviceKey', to: ['projectUrl'], column: 'sealedServiceKey' },
  { secret: 'accessToken', to: ['managementUrl', 'projectRef'], column: 'sealedAccessToken' },
] as const;

const seal = (
  { HOLDFAST_MASTER_KEY: key }: Config,
  id: string,
  name: EnvironmentSecret,
  text: string | null,
): string | null => text && sealSecret(key, text, sealedFor(id, name));

/**
 * Refuses addresses that may not be named (`environment.address_refused`), a stored secret that would go to another
 * address or project than it was saved for, and a directory outside the roots (`request.invalid`); all of them at once.
 */
export async function guardProject(config: Config, given: GivenProject, row: ProjectColumns | null): Promise<void> {
  const ofSecrets = SENT_TO.flatMap(({ secret, to, column }) => {
    const changed = to.find((field) => row !== null && given[field] !== undefined && given[field] !== row[field]);
    // whoever may change where a secret goes must not learn it there, nor use it on another project
    const moved = changed !== undefined && row !== null && row[column] !== null && given[secret] === undefined;
    return moved ? [{ at: secret, message: `is required where ${changed} changes` }] : [];
  });
  const addressOf = (at: 'projectUrl' | 'managementUrl') => async (): Promise<void> => {
    const url = given[at];
    if (url) await guardAddress(hostOf(url), config.HOLDFAST_ALLOW_PRIVATE_ADDRESSES, { at });
  };
  await allChecks(
    () => {
      if (ofSecrets.length > 0) throw invalidFields(ofSecrets);
    },
    addressOf('projectUrl'),
    addressOf('managementUrl'),
    () => functionsDirectoryOf(config, given),
  );
}

function functionsDirectoryOf(
  { HOLDFAST_FUNCTIONS_ROOTS: roots }: Config,
  { functionsDirectory: given }: GivenProject,
): string | null {
  if (!given) return null;
  const path = belowRoot(given, roots);
  if (path !== null) return path;
  throw invalidFields(
    [{ at: 'functionsDirectory', message: 'lies below no allowed directory' }],
    roots.length === 0
      ? 'HOLDFAST_FUNCTIONS_ROOTS names no directory.'
      : `Choose a directory below ${roots.join(' or ')} (HOLDFAST_FUNCTIONS_ROOTS).`,
  );
}

/** The columns that a request changes; secrets sealed for this environment. */
export function projectColumns(config: Config, id: string, given: GivenProject): Partial<ProjectColumns> {
  const { projectUrl, serviceKey, managementUrl, accessToken, functionsDirectory } = given;
  return {
    ...(projectUrl === undefined ? {} : { projectUrl }),
    ...(serviceKey === undefined ? {} : { sealedServiceKey: seal(config, id, 'serviceKey', serviceKey) }),
    ...(managementUrl === undefined ? {} : { managementUrl }),
    ...(accessToken === undefined ? {} : { sealedAccessToken: seal(config, id, 'accessToken', accessToken) }),
    ...(functionsDirectory === undefined ? {} : { functionsDirectory: functionsDirectoryOf(config, given) }),
  };
}
