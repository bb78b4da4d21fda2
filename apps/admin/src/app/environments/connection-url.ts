import { TLS_MODES, type EnvironmentKind, type TlsMode } from '@holdfast/contracts';

/** What a connection URL says, as fields of an environment; what it does not say is left out. */
export interface UrlFields {
  kind?: EnvironmentKind;
  host: string;
  port: string;
  database: string;
  user: string;
  password?: string;
  tlsMode?: TlsMode;
  projectRef?: string;
  projectUrl?: string;
}

/** `notes`: what was understood otherwise than it stood there, in words. They never hold the password. */
export type ReadUrl = { fields: UrlFields; notes: string[] } | { reason: string };

const FORM = 'Expected postgresql://user:password@host:port/database, with special characters percent-encoded.';
const DIRECT_HOST = /^db\.([a-z0-9]{1,40})\.supabase\.(?:co|com|red)$/;
const POOLER_HOST = /\.pooler\.supabase\.com$/;
const POOLER_USER = /\.([a-z0-9]{1,40})$/;
/** Where Supabase's pooler gives a connection for one transaction only. */
const TRANSACTION_PORT = '6543';
/** As the dashboard shows it to whoever has not put the password in. */
const PLACEHOLDER = /^\[.*\]$/;

/** Reads a connection URL as it is copied from a dashboard or an `.env` file. Pure; keeps and sends nothing. */
export function readConnectionUrl(text: string): ReadUrl {
  const bare = text.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (!/^postgres(ql)?:\/\//i.test(bare) || !URL.canParse(bare)) return { reason: FORM };
  const url = new URL(bare);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (host === '') return { reason: 'The URL names no host.' };
  const notes: string[] = [];
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (PLACEHOLDER.test(password)) notes.push('The URL holds a placeholder in place of the password: fill it in below.');
  const tlsMode = tlsModeOf(url.searchParams.get('sslmode'), notes);
  const fields: UrlFields = {
    ...{ host, user, database: decoded(url.pathname.slice(1)), port: portOf(url, host, notes) },
    ...(password !== '' && !PLACEHOLDER.test(password) && { password }),
    ...projectOf(host, user),
    ...(tlsMode && { tlsMode }),
  };
  return { fields, notes };
}

/** What is not percent-encoded well stands there as it is meant. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function portOf(url: URL, host: string, notes: string[]): string {
  const port = url.port || '5432';
  if (POOLER_HOST.test(host) && port === TRANSACTION_PORT) {
    notes.push(
      'Port 6543 is the transaction pooler, which cannot hold a snapshot. Port 5432, the session pooler, is filled in.',
    );
    return '5432';
  }
  if ((url.searchParams.get('pgbouncer') ?? 'false') !== 'false') {
    notes.push(
      'The URL is of a transaction pooler, which cannot hold a snapshot. Use the direct or session connection.',
    );
  }
  return port;
}

function tlsModeOf(sslmode: string | null, notes: string[]): TlsMode | null {
  const known = TLS_MODES.find((mode) => mode === sslmode);
  if (sslmode !== null && !known) notes.push(`The URL asks for sslmode ${sslmode}, which is not known here.`);
  return known ?? null;
}

/** The Supabase project that a host belongs to; the pooler's is part of the user. */
function projectOf(host: string, user: string): Pick<UrlFields, 'kind' | 'projectRef' | 'projectUrl'> {
  const pooled = POOLER_HOST.test(host);
  const ref = pooled ? POOLER_USER.exec(user)?.[1] : DIRECT_HOST.exec(host)?.[1];
  if (ref === undefined) return pooled ? { kind: 'supabase-cloud' } : {};
  return { kind: 'supabase-cloud', projectRef: ref, projectUrl: `https://${ref}.supabase.co` };
}
