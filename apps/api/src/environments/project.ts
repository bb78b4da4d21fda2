import { OperationError, type FieldError } from '@holdfast/contracts';
import { sealSecret } from '@holdfast/crypto';
import type { Environment } from '@holdfast/prisma';
import type { Config } from '../config.ts';
import { guardAddress, hostOf } from '../http/address-guard.ts';
import { belowRoot } from '../http/below-root.ts';

/** What a request may say of a project's own servers and files: left out is kept, null is taken away. */
export interface GivenProject {
  projectUrl?: string | null | undefined;
  serviceKey?: string | null | undefined;
  managementUrl?: string | null | undefined;
  accessToken?: string | null | undefined;
  functionsDirectory?: string | null | undefined;
}

type ProjectColumns = Pick<
  Environment,
  'projectUrl' | 'sealedServiceKey' | 'managementUrl' | 'sealedAccessToken' | 'functionsDirectory'
>;

/** What each secret is sealed for: one that was sealed for another purpose cannot stand in for it. */
const PURPOSES = { serviceKey: 'service-key', accessToken: 'access-token' } as const;
/** A secret, and the address that it is sent to. */
const SENT_TO = [
  { secret: 'serviceKey', address: 'projectUrl', column: 'sealedServiceKey' },
  { secret: 'accessToken', address: 'managementUrl', column: 'sealedAccessToken' },
] as const;

const seal = (
  { HOLDFAST_MASTER_KEY: key }: Config,
  id: string,
  name: keyof typeof PURPOSES,
  text: string | null,
): string | null => text && sealSecret(key, text, `environment:${id}:${PURPOSES[name]}`);

/**
 * Refuses addresses that may not be named (`environment.address_refused`), a stored secret that would go to another
 * address than it was saved for, and a directory outside the roots (`request.invalid`).
 */
export async function guardProject(config: Config, given: GivenProject, row: ProjectColumns | null): Promise<void> {
  for (const { secret, address, column } of SENT_TO) {
    const url = given[address];
    // whoever may change an address must not learn a key from where it is sent
    const moved = row !== null && url !== undefined && url !== row[address] && row[column] !== null;
    if (moved && given[secret] === undefined) {
      throw invalid({ at: secret, message: `is required where ${address} changes` });
    }
    if (url) await guardAddress(hostOf(url), config.HOLDFAST_ALLOW_PRIVATE_ADDRESSES, { at: address });
  }
  functionsDirectoryOf(config, given);
}

const invalid = (error: FieldError, hint?: string): OperationError =>
  new OperationError('request.invalid', `Please correct: ${error.at}`, {
    ...(hint === undefined ? {} : { hint }),
    errors: [error],
  });

function functionsDirectoryOf(
  { HOLDFAST_FUNCTIONS_ROOTS: roots }: Config,
  { functionsDirectory: given }: GivenProject,
): string | null {
  if (!given) return null;
  const path = belowRoot(given, roots);
  if (path !== null) return path;
  throw invalid(
    { at: 'functionsDirectory', message: 'lies below no allowed directory' },
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
