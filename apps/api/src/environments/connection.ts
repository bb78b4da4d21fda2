import { TLS_MODES, type EnvironmentKind, type TlsMode } from '@holdfast/contracts';
import { invalidFields } from '../http/all-checks.ts';
import { readConnectionUrl, type ConnectionParts } from './connection-url.ts';

/** What a request may say about a connection: a URL, or its parts. */
export interface GivenConnection {
  url?: string | undefined;
  host?: string | undefined;
  port?: number | undefined;
  database?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  tlsMode?: TlsMode | undefined;
}

const PARTS = ['host', 'port', 'database', 'user', 'password'] as const;
const NEEDED = ['host', 'database', 'user', 'password'] as const;

/** The parts that a request gives, from its URL or one by one; throws `request.invalid` naming every wrong one. */
export function givenParts(given: GivenConnection): Partial<ConnectionParts> {
  const named = PARTS.filter((part) => given[part] !== undefined);
  if (given.url === undefined) {
    const parts = Object.fromEntries(named.map((part) => [part, given[part]])) as Partial<ConnectionParts>;
    return given.tlsMode === undefined ? parts : { ...parts, tlsMode: given.tlsMode };
  }
  if (named.length > 0) throw invalidFields(named.map((at) => ({ at, message: 'is given by url already' })));
  const read = readConnectionUrl(given.url);
  if ('errors' in read) throw invalidFields(read.errors);
  return given.tlsMode === undefined ? read.parts : { ...read.parts, tlsMode: given.tlsMode };
}

/** A whole connection of a new environment; throws `request.invalid` naming every missing part. */
export function wholeConnection(given: GivenConnection, kind: EnvironmentKind): Required<ConnectionParts> {
  const parts = givenParts(given);
  const missing = NEEDED.filter((part) => parts[part] === undefined);
  const { host, database, user, password } = parts;
  if (host === undefined || database === undefined || user === undefined || password === undefined) {
    throw invalidFields(missing.map((at) => ({ at, message: 'is required (or url)' })));
  }
  const tlsMode = parts.tlsMode ?? (kind === 'supabase-cloud' ? 'require' : 'prefer');
  return { host, port: parts.port ?? 5432, database, user, password, tlsMode };
}

/**
 * Refuses a change by which the stored password would be shown to another server or role than it was saved for, or less
 * well protected: whoever may change a host must not learn a password from where it is sent. Throws `request.invalid`.
 */
export function requirePassword(
  given: Partial<ConnectionParts>,
  stored: Pick<Required<ConnectionParts>, 'host' | 'port' | 'user' | 'tlsMode'>,
): void {
  if (given.password !== undefined) return;
  const changed = (['host', 'port', 'user'] as const).find(
    (part) => given[part] !== undefined && given[part] !== stored[part],
  );
  const { tlsMode = stored.tlsMode } = given;
  const weaker = TLS_MODES.indexOf(tlsMode) < TLS_MODES.indexOf(stored.tlsMode);
  if (changed === undefined && !weaker) return;
  const when = changed === undefined ? 'tlsMode protects less' : `${changed} changes`;
  throw invalidFields([{ at: 'password', message: `is required where ${when}` }]);
}
