import type { EnvironmentKind, TlsMode } from '@holdfast/contracts';
import type { Schemas } from '../ui/api.ts';
import type { UrlFields } from './connection-url.ts';

type Environment = Schemas['Environment'];
type CreateEnvironment = Schemas['CreateEnvironment'];
type UpdateEnvironment = Schemas['UpdateEnvironment'];

/** What stands in the form. Empty texts are nothing; a secret is empty where it is kept, and null where it is removed. */
export interface Draft {
  name: string;
  kind: EnvironmentKind;
  host: string;
  port: string;
  database: string;
  user: string;
  password: string;
  /** Empty: as the kind has it. */
  tlsMode: TlsMode | '';
  caCertificate: string;
  /** Empty: as production or not has it. */
  color: string;
  production: boolean;
  projectRef: string;
  projectUrl: string;
  serviceKey: string | null;
  managementUrl: string;
  accessToken: string | null;
  functionsDirectory: string;
}

const EMPTY: Draft = {
  ...{ name: '', kind: 'supabase-cloud', host: '', port: '', database: '', user: '', password: '', tlsMode: '' },
  ...{ caCertificate: '', color: '', production: false, projectRef: '', projectUrl: '', serviceKey: '' },
  ...{ managementUrl: '', accessToken: '', functionsDirectory: '' },
};

/** What the form starts with. */
export function draftOf(environment: Environment | null): Draft {
  if (!environment) return EMPTY;
  const { name, kind, host, port, database, user, tlsMode, color, production, ...more } = environment;
  return {
    ...EMPTY,
    ...{ name, kind, host, port: String(port), database, user, tlsMode, color, production },
    ...{ caCertificate: more.caCertificate ?? '', projectRef: more.projectRef ?? '' },
    ...{ projectUrl: more.projectUrl ?? '', managementUrl: more.managementUrl ?? '' },
    functionsDirectory: more.functionsDirectory ?? '',
  };
}

/**
 * What a connection URL makes of a draft. What an earlier one said of another server or project goes: it would send a
 * password to one and the objects of the other.
 */
export function filledBy(draft: Draft, fields: UrlFields): Partial<Draft> {
  const elsewhere = draft.host !== '' && (fields.host !== draft.host || fields.port !== draft.port);
  const cloud = draft.kind === 'supabase-cloud';
  const otherProject = cloud && draft.projectRef !== '' && fields.projectRef !== draft.projectRef;
  return {
    ...((elsewhere || fields.user !== draft.user) && { password: '' }),
    ...(elsewhere && { tlsMode: '' as const, caCertificate: '' }),
    ...(otherProject && { projectRef: '', projectUrl: '', serviceKey: '', accessToken: '' }),
    ...(elsewhere && cloud && { kind: 'postgres' as const }),
    ...fields,
  };
}

/** As the API chooses it. */
export const tlsModeOf = ({ tlsMode, kind }: Pick<Draft, 'tlsMode' | 'kind'>): TlsMode =>
  tlsMode || (kind === 'supabase-cloud' ? 'require' : 'prefer');

/** As the API chooses it. */
export const colorOf = ({ color, production }: Pick<Draft, 'color' | 'production'>): string =>
  color || (production ? '#c62828' : '#1565c0');

/** How a project's own servers and files are reached, beside its database. */
export type ProjectField =
  'projectRef' | 'projectUrl' | 'serviceKey' | 'accessToken' | 'managementUrl' | 'functionsDirectory';

const FIELDS: Record<EnvironmentKind, readonly ProjectField[]> = {
  postgres: [],
  'supabase-selfhosted': ['projectUrl', 'serviceKey', 'functionsDirectory'],
  'supabase-cloud': ['projectRef', 'projectUrl', 'serviceKey', 'accessToken', 'managementUrl'],
};

/** The fields that a kind needs, and those that hold something all the same: nothing is kept unseen. */
export function projectFields(draft: Draft, environment: Environment | null): ReadonlySet<ProjectField> {
  const held = (Object.keys(HELD) as ProjectField[]).filter((field) => environment && HELD[field](environment));
  const typed = (['projectRef', 'projectUrl', 'managementUrl', 'functionsDirectory'] as const).filter(
    (field) => draft[field] !== '',
  );
  return new Set([...FIELDS[draft.kind], ...held, ...typed]);
}

const HELD: Record<ProjectField, (environment: Environment) => boolean> = {
  projectRef: ({ projectRef }) => projectRef !== null,
  projectUrl: ({ projectUrl }) => projectUrl !== null,
  serviceKey: ({ hasServiceKey }) => hasServiceKey,
  accessToken: ({ hasAccessToken }) => hasAccessToken,
  managementUrl: ({ managementUrl }) => managementUrl !== null,
  functionsDirectory: ({ functionsDirectory }) => functionsDirectory !== null,
};

/** Fields as the API takes them: trimmed, numbers as numbers, null for nothing. What is typed wrong goes as it is. */
function fieldsOf(draft: Draft): UpdateEnvironment {
  const text = (typed: string): string => typed.trim();
  const orNull = (typed: string): string | null => text(typed) || null;
  return {
    ...{ name: text(draft.name), kind: draft.kind, host: text(draft.host), port: Number(draft.port || 5432) },
    ...{ database: text(draft.database), user: text(draft.user), tlsMode: tlsModeOf(draft) },
    ...{ caCertificate: orNull(draft.caCertificate), color: colorOf(draft), production: draft.production },
    ...{ projectRef: orNull(draft.projectRef), projectUrl: orNull(draft.projectUrl) },
    ...{ managementUrl: orNull(draft.managementUrl), functionsDirectory: orNull(draft.functionsDirectory) },
    ...(draft.password !== '' && { password: draft.password }),
    ...(draft.serviceKey !== '' && { serviceKey: draft.serviceKey }),
    ...(draft.accessToken !== '' && { accessToken: draft.accessToken }),
  };
}

/** What is sent to register it. */
export function creationOf(draft: Draft): CreateEnvironment {
  const { name = '', ...more } = fieldsOf(draft);
  return { name, ...more };
}

/** What is sent to change it: only what differs, so that nothing is overwritten that somebody else changed. */
export function changesOf(draft: Draft, environment: Environment): UpdateEnvironment {
  const before = fieldsOf(draftOf(environment)) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(fieldsOf(draft)).filter(([field, value]) => value !== before[field]));
}
