import type { FieldError, TlsMode } from '@holdfast/contracts';
import { TLS_MODES } from '@holdfast/contracts';

/** The parts of a connection, as far as a URL gives them. */
export interface ConnectionParts {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  tlsMode?: TlsMode;
}

/** Parameters that other tools put into such URLs and that change nothing here. */
const HARMLESS = [
  'application_name',
  'connect_timeout',
  'schema',
  'connection_limit',
  'pool_timeout',
  'target_session_attrs',
];

const decode = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};

function parameterErrors(parameters: URLSearchParams): string[] {
  return [...parameters].flatMap(([name, value]) => {
    if (name === 'sslmode') {
      return (TLS_MODES as readonly string[]).includes(value) ? [] : [`sslmode is one of ${TLS_MODES.join(', ')}`];
    }
    if (name === 'pgbouncer' && value !== 'false') {
      return ['a transaction pooler cannot hold a snapshot: use the direct or the session connection'];
    }
    return HARMLESS.includes(name) || name === 'pgbouncer' ? [] : [`the parameter ${name} is not known here`];
  });
}

/** Reads `postgresql://user:password@host:port/database?sslmode=…`; the messages never repeat any part of the URL but a parameter's name. */
export function readConnectionUrl(text: string): { parts: ConnectionParts } | { errors: FieldError[] } {
  const failed = (...messages: string[]): { errors: FieldError[] } => ({
    errors: messages.map((message) => ({ at: 'url', message })),
  });
  if (!/^postgres(ql)?:\/\//i.test(text) || !URL.canParse(text)) {
    return failed('expected postgresql://user:password@host:port/database');
  }
  const url = new URL(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const database = decode(url.pathname.slice(1));
  const user = decode(url.username);
  const password = decode(url.password);
  const messages = parameterErrors(url.searchParams);
  if (!host) messages.push('the host is missing');
  if (!user) messages.push('the user is missing');
  if (!password) messages.push('the password is missing, or is not percent-encoded');
  if (!database) messages.push('the database is missing');
  if (messages.length > 0 || !user || !password || !database) return failed(...messages);
  const tlsMode = url.searchParams.get('sslmode') as TlsMode | null;
  return {
    parts: { host, port: Number(url.port || 5432), database, user, password, ...(tlsMode ? { tlsMode } : {}) },
  };
}
