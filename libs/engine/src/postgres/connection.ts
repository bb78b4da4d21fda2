import { OperationError, type AddressAllowance } from '@holdfast/contracts';
import pg from 'pg';
import { Socket, type LookupFunction } from 'node:net';
import { getCACertificates, type ConnectionOptions } from 'node:tls';
import { guardedLookup, guardHost } from '../web/guarded-lookup.ts';
import { rawSocket } from './raw-socket.ts';
import type { PostgresTarget } from './target.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** After so long without a byte the system asks the other side; what stands between drops who says nothing. */
const KEEP_ALIVE_MS = 20_000;

interface PostgresFault {
  code?: string;
  message?: string;
}

/** The SQLSTATE, or the system's error code, of whatever was thrown. */
export const faultCode = (error: unknown): string | undefined => (error as PostgresFault | undefined)?.code;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const SYSTEM_UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', '57P03', '53300'],
]);
const CONNECTION_LOST = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '57P05', '08000', '08003', '08006']);
const SIGN_IN = new Set(['28P01', '28000']);

/** Whether the connection itself is gone, so that another one may do better. */
export const isConnectionLost = (error: unknown): boolean =>
  CONNECTION_LOST.has(faultCode(error) ?? '') ||
  /Connection terminated|connection unexpectedly|Connection ended|not queryable/i.test(messageOf(error));

function unreachable(target: PostgresTarget, error: unknown): OperationError {
  return new OperationError(
    'environment.unreachable',
    `${target.host}:${target.port} cannot be reached: ${messageOf(error)}`,
    { hint: 'Check host, port, firewall, and that the server is up.', cause: error },
  );
}

/** Says in our words why connecting failed; the message never holds the password. */
function translateConnect(error: unknown, target: PostgresTarget): OperationError {
  if (error instanceof OperationError) return error;
  const code = faultCode(error) ?? '';
  const message = messageOf(error);
  if (SIGN_IN.has(code) || /password|SASL|SCRAM/i.test(message)) {
    const hint = 'Check the user, the password, and pg_hba.conf.';
    return new OperationError('environment.sign_in_failed', `The server refused ${target.user}: ${message}`, {
      hint,
      cause: error,
    });
  }
  if (code === '3D000') return new OperationError('environment.database_missing', message, { cause: error });
  if (SYSTEM_UNREACHABLE.has(code) || isConnectionLost(error) || /timeout/i.test(message)) {
    return unreachable(target, error);
  }
  if (/SSL|TLS|certificate|self.signed|altnames/i.test(message + code)) {
    return new OperationError('environment.tls_failed', `TLS with ${target.host} failed: ${message}`, {
      hint: 'Check the TLS mode and the CA certificate.',
      cause: error,
    });
  }
  return unreachable(target, error);
}

/** Says in our words why a statement failed; `subject` names the object that was worked on. */
export function translateQuery(error: unknown, subject: string): OperationError {
  if (error instanceof OperationError) return error;
  const code = faultCode(error) ?? '';
  const message = messageOf(error);
  if (isConnectionLost(error)) {
    return new OperationError('postgres.connection_lost', `${subject}: the connection was lost (${message})`, {
      cause: error,
    });
  }
  if (/row-level security/i.test(message)) {
    return new OperationError('postgres.rows_hidden', `${subject}: row-level security would hide rows (${message})`, {
      hint: 'Use a role with BYPASSRLS, or the owner of the table where RLS is not forced.',
      cause: error,
    });
  }
  if (code === '42501') {
    return new OperationError('postgres.permission_denied', `${subject}: ${message}`, {
      hint: 'Grant the role what it lacks, or use another role.',
      cause: error,
    });
  }
  if (code === '55P03' || code === '40P01') {
    return new OperationError('postgres.lock_timeout', `${subject} is locked by another session (${message})`, {
      hint: 'Wait until that session has ended, or raise the lock timeout.',
      cause: error,
    });
  }
  return new OperationError('postgres.statement_failed', `${subject}: ${message} (SQLSTATE ${code || 'none'})`, {
    cause: error,
  });
}

function tlsOptions(target: PostgresTarget): ConnectionOptions | false {
  if (target.tlsMode === 'disable') return false;
  const ca = target.caCertificate ?? undefined;
  if (target.tlsMode === 'verify-full') return { ca, rejectUnauthorized: true };
  // verify-ca: the chain is checked, the name is not
  if (target.tlsMode === 'verify-ca') return { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}

export interface ConnectOptions {
  signal: AbortSignal;
  applicationName?: string;
  /** Settings given at connect, such as `statement_timeout`. */
  settings?: Record<string, string>;
}

/** A new socket that connects only to addresses that are allowed. */
function guardedSocket(make: () => Socket, allowance: AddressAllowance): Socket {
  const socket = make();
  const plain = socket.connect.bind(socket) as (to: { port: number; host: string; lookup: LookupFunction }) => Socket;
  // pg connects by port and host, and has no place for a lookup
  const connect = (port: number, host: string): Socket => plain({ port, host, lookup: guardedLookup(allowance) });
  return Object.assign(socket, { connect });
}

async function connectOnce(target: PostgresTarget, ssl: ConnectionOptions | false, options: ConnectOptions) {
  options.signal.throwIfAborted();
  const { allowance } = target;
  if (allowance) guardHost(target.host, allowance);
  // under TLS, the socket that reads is another one
  const socket = ssl ? () => new Socket() : rawSocket;
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.user,
    password: target.password,
    ssl,
    stream: allowance ? () => guardedSocket(socket, allowance) : socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: options.applicationName ?? 'holdfast',
    options: Object.entries(options.settings ?? {})
      .map(([name, value]) => `-c ${name}=${value.replaceAll(/([\\ ])/g, '\\$1')}`)
      .join(' '),
  });
  // Errors between queries would end the process; the next query on the client throws them.
  client.on('error', () => undefined);
  const stop = (): void => destroy(client);
  options.signal.addEventListener('abort', stop, { once: true });
  client.once('end', () => options.signal.removeEventListener('abort', stop));
  try {
    await client.connect();
  } catch (error) {
    options.signal.removeEventListener('abort', stop);
    throw error;
  }
  return client;
}

/**
 * Connects, with TLS as the target asks for it. The connection is torn down when the signal fires. Throws
 * `environment.unreachable`, `environment.sign_in_failed`, `environment.tls_failed`, `environment.database_missing`.
 */
export async function connect(target: PostgresTarget, options: ConnectOptions): Promise<pg.Client> {
  let client: pg.Client;
  try {
    client = await connectOnce(target, tlsOptions(target), options);
  } catch (error) {
    options.signal.throwIfAborted();
    const plainOnly = /does not support SSL/i.test(messageOf(error));
    if (!(plainOnly && target.tlsMode === 'prefer')) throw translateConnect(error, target);
    client = await connectOnce(target, false, options).catch((second: unknown) => {
      options.signal.throwIfAborted();
      throw translateConnect(second, target);
    });
  }
  return client;
}

interface WithStream {
  connection: { stream: Socket };
}

/** The socket under a client; pg keeps it, its types do not show it. */
export const socketOf = (client: pg.Client): Socket => (client as unknown as WithStream).connection.stream;

/** Drops the connection at once, whatever is going on in it. */
export const destroy = (client: pg.Client): void => {
  socketOf(client).destroy();
};

/** Ends a connection politely, and by force when it does not end within two seconds. */
export async function disconnect(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => destroy(client), 2_000);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `work` with a connection that is closed afterwards, whatever happens. */
export async function withConnection<T>(
  target: PostgresTarget,
  options: ConnectOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(target, options);
  try {
    return await work(client);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    await disconnect(client);
  }
}

/**
 * The authorities that may have signed the server's certificate, for libpq, which knows none by itself: the target's own,
 * else those that this process trusts. Null where nothing is verified.
 */
export function authoritiesOf({ tlsMode, caCertificate }: PostgresTarget): string | null {
  if (caCertificate !== null) return caCertificate;
  const verifies = tlsMode === 'verify-ca' || tlsMode === 'verify-full';
  return verifies ? getCACertificates('default').join('\n') : null;
}

/** A value in a libpq connection string. */
const conninfoValue = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/**
 * The conninfo for libpq's programs, without the password: always given as `--dbname=<this>`. With `addresses` libpq
 * resolves nothing by itself; the host is then only what a certificate is for.
 */
export function conninfo(target: PostgresTarget, caFile: string | null, addresses: string[] = []): string {
  const parts: [string, string][] = [
    ['host', addresses.length === 0 ? target.host : addresses.map(() => target.host).join(',')],
    ...(addresses.length === 0 ? [] : ([['hostaddr', addresses.join(',')]] as [string, string][])),
    ['port', String(target.port)],
    ['dbname', target.database],
    ['user', target.user],
    ['sslmode', target.tlsMode],
    ['connect_timeout', String(CONNECT_TIMEOUT_MS / 1000)],
    ['application_name', 'holdfast'],
    ...(caFile ? ([['sslrootcert', caFile]] as [string, string][]) : []),
  ];
  return parts.map(([key, value]) => `${key}=${conninfoValue(value)}`).join(' ');
}
