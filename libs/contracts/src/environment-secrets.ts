/** What is added to an environment's id for each of its secrets. */
const SUFFIXES = { password: '', serviceKey: ':service-key', accessToken: ':access-token' } as const;

/** A secret of an environment. */
export type EnvironmentSecret = keyof typeof SUFFIXES;

/**
 * What a secret of an environment is sealed for. The API seals and a worker opens with the same words, or not at all; one
 * that was sealed for another environment or purpose cannot stand in for it.
 */
export const sealedFor = (environmentId: string, secret: EnvironmentSecret): string =>
  `environment:${environmentId}${SUFFIXES[secret]}`;
