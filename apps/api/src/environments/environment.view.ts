import type { EnvironmentKind, TlsMode } from '@holdfast/contracts';
import type { $Enums, Environment } from '@holdfast/prisma';
import type { EnvironmentView } from './environment.dto.ts';

const KIND_COLUMN: Record<EnvironmentKind, $Enums.EnvironmentKind> = {
  postgres: 'postgres',
  'supabase-selfhosted': 'supabase_selfhosted',
  'supabase-cloud': 'supabase_cloud',
};
const TLS_COLUMN: Record<TlsMode, $Enums.TlsMode> = {
  disable: 'disable',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify_ca',
  'verify-full': 'verify_full',
};

const wordOf = <W extends string, C extends string>(table: Record<W, C>, column: C): W => {
  const found = (Object.keys(table) as W[]).find((word) => table[word] === column);
  if (found === undefined) throw new Error(`No word for ${column}`);
  return found;
};

/** Our words, as the database's enums spell them. */
export const kindColumn = (kind: EnvironmentKind): $Enums.EnvironmentKind => KIND_COLUMN[kind];
export const tlsColumn = (mode: TlsMode): $Enums.TlsMode => TLS_COLUMN[mode];

/** What the API shows of an environment; secrets are not part of it. */
export const environmentView = (row: Environment): EnvironmentView => ({
  id: row.id,
  name: row.name,
  kind: wordOf(KIND_COLUMN, row.kind),
  host: row.host,
  port: row.port,
  database: row.database,
  user: row.username,
  tlsMode: wordOf(TLS_COLUMN, row.tlsMode),
  caCertificate: row.caCertificate,
  color: row.color,
  production: row.production,
  projectRef: row.projectRef,
  projectUrl: row.projectUrl,
  hasServiceKey: row.sealedServiceKey !== null,
  managementUrl: row.managementUrl,
  hasAccessToken: row.sealedAccessToken !== null,
  functionsDirectory: row.functionsDirectory,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
