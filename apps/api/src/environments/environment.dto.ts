import { ENVIRONMENT_KINDS, TLS_MODES } from '@holdfast/contracts';
import { z } from 'zod';
import { createdAtField, updatedAtField, versionField } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/paging.ts';

/** Safe inside a workflow's id and a path. */
const environmentName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'expected 1 to 63 letters, digits, - _ . and a letter or digit first',
  })
  .describe('What people call it, alone under that name: 1 to 63 letters, digits, `-`, `_` and `.`')
  .meta({ example: 'production' });

const host = z
  .string()
  .max(253)
  .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]+(?:%\w+)?)$/, {
    error: 'expected a host name or an IP address',
  })
  .describe('Name or IP address of the Postgres server, as workers reach it')
  .meta({ example: 'db.example.org' });

// Postgres cuts names at 63 bytes.
const postgresName = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 63 && !text.includes('\0'), { error: 'expected at most 63 bytes' });

const password = z
  .string()
  .min(1)
  .max(1000)
  .refine((text) => !/[\0\r\n]/.test(text), { error: 'expected one line' })
  .describe(
    'Sealed when it is stored, never returned; sent again where host, port or user change or TLS protects less',
  );

const caCertificate = z
  .string()
  .max(100_000)
  .regex(/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/, { error: 'expected a PEM certificate' });

const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, { error: 'expected #rrggbb' })
  .describe('`#rrggbb`, as the console marks it; red for production and blue for others unless said')
  .meta({ example: '#c62828' });

/** What an environment is, in answers and requests. */
export const environmentKindField = z
  .enum(ENVIRONMENT_KINDS)
  .describe(
    '`postgres`: a plain database. `supabase-selfhosted`, `supabase-cloud`: a project, with storage, functions and settings',
  );
export const productionField = z
  .boolean()
  .describe('Whether people depend on it: a restore backs it up first, and the console frames it in its colour');
const tlsModeField = z.enum(TLS_MODES).describe('As sslmode of libpq; each protects more than the ones before it');

const projectRef = z.string().regex(/^[a-z0-9]{1,40}$/, { error: 'expected the reference of a Supabase project' });

/** An address of HTTP that says nothing but where: no user, no key, nothing after the path. */
const serverUrl = z
  .string()
  .max(2000)
  .refine(
    (text) => {
      if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
      const { username, password, search, hash } = new URL(text);
      return username === '' && password === '' && search === '' && hash === '';
    },
    { error: 'expected https://host, without a user, a query or a fragment' },
  );

const secret = z
  .string()
  .min(1)
  .max(4000)
  .regex(/^[\x21-\x7e]+$/, { error: 'expected printable characters without spaces' });

const project = {
  projectRef: projectRef
    .nullable()
    .optional()
    .describe("The project's reference on Supabase Cloud, by which the Management API finds it")
    .meta({ example: 'abcdefghijklmnopqrst' }),
  projectUrl: serverUrl
    .nullable()
    .optional()
    .describe("The project's own address, where its storage and sign-in answer")
    .meta({ example: 'https://abcdefghijklmnopqrst.supabase.co' }),
  serviceKey: secret
    .nullable()
    .optional()
    .describe("The project's service key, for its storage. Sealed when it is stored, never returned"),
  managementUrl: serverUrl
    .nullable()
    .optional()
    .describe('Where the Management API answers; null: https://api.supabase.com'),
  accessToken: secret
    .nullable()
    .optional()
    .describe('A token of the Management API, for functions and settings. Sealed when it is stored, never returned'),
  functionsDirectory: z
    .string()
    .min(1)
    .max(1000)
    .nullable()
    .optional()
    .describe("Where a self-hosted project's functions lie on the workers: below one of HOLDFAST_FUNCTIONS_ROOTS")
    .meta({ example: '/srv/supabase/volumes/functions' }),
};

const url = z
  .string()
  .max(2000)
  .describe('In place of host, port, database, user and password: postgresql://user:password@host:port/database')
  .meta({ example: 'postgresql://backup:secret@db.example.org:5432/app?sslmode=require' });

const connection = {
  url: url.optional(),
  host: host.optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('The TCP port of the server; 5432 for a new environment unless said'),
  database: postgresName.optional().describe('The database on that server, at most 63 bytes').meta({ example: 'app' }),
  user: postgresName.optional().describe('The role that signs in, at most 63 bytes').meta({ example: 'backup' }),
  password: password.optional(),
  tlsMode: tlsModeField
    .optional()
    .describe(
      'As sslmode of libpq; for a new environment `prefer` unless said, and `require` where it is on Supabase Cloud',
    ),
  caCertificate: caCertificate
    .nullable()
    .optional()
    .describe('The authority that signed the server, as PEM; for `verify-ca` and `verify-full`'),
};

export const CreateEnvironment = z
  .strictObject({
    name: environmentName,
    kind: environmentKindField.default('postgres'),
    ...connection,
    color: color.optional(),
    production: productionField.default(false),
    ...project,
  })
  .meta({
    id: 'CreateEnvironment',
    example: {
      name: 'production',
      kind: 'postgres',
      url: 'postgresql://backup:secret@db.example.org:5432/app?sslmode=verify-full',
      production: true,
    },
  });
export type CreateEnvironment = z.output<typeof CreateEnvironment>;

export const UpdateEnvironment = z
  .strictObject({
    name: environmentName.optional(),
    kind: environmentKindField.optional(),
    ...connection,
    color: color.optional(),
    production: productionField.optional(),
    ...project,
  })
  .meta({ id: 'UpdateEnvironment', example: { host: 'db2.example.org', color: '#c62828' } });
export type UpdateEnvironment = z.output<typeof UpdateEnvironment>;

export const EnvironmentView = z
  .object({
    id: z.uuid().describe('The environment; stays the same when its name changes'),
    name: z.string().describe('What people call it'),
    kind: environmentKindField,
    host: z.string().describe('Name or IP address of the Postgres server'),
    port: z.int().describe('The TCP port of the server'),
    database: z.string().describe('The database on that server'),
    user: z.string().describe('The role that signs in'),
    tlsMode: tlsModeField,
    caCertificate: z.string().nullable().describe('The authority that signed the server, as PEM; null: none is stored'),
    color: z.string().describe('`#rrggbb`, as the console marks it'),
    production: productionField,
    projectRef: z.string().nullable().describe("The project's reference on Supabase Cloud; null: none is stored"),
    projectUrl: z
      .string()
      .nullable()
      .describe("The project's own address; null: none is stored, and storage is not backed up"),
    hasServiceKey: z.boolean().describe('Whether a service key is stored, for storage; it is never told'),
    managementUrl: z.string().nullable().describe('Where the Management API answers; null: https://api.supabase.com'),
    hasAccessToken: z
      .boolean()
      .describe('Whether a token of the Management API is stored, for functions and settings; it is never told'),
    functionsDirectory: z
      .string()
      .nullable()
      .describe("Where a self-hosted project's functions lie on the workers; null: none is stored"),
    version: versionField,
    createdAt: createdAtField,
    updatedAt: updatedAtField,
  })
  .meta({ id: 'Environment' });
export type EnvironmentView = z.output<typeof EnvironmentView>;

export const EnvironmentPage = pageOf(EnvironmentView, 'EnvironmentPage');
export type EnvironmentPage = z.output<typeof EnvironmentPage>;

export const EnvironmentQuery = z.strictObject({
  ...pageQuery,
  search: z.string().max(100).optional().describe('Part of the name'),
  kind: z.array(z.enum(ENVIRONMENT_KINDS)).optional().describe('Only those of one of these kinds'),
  production: z
    .enum(['true', 'false'])
    .optional()
    .describe('`true`: only production. `false`: only those that are not'),
});
export type EnvironmentQuery = z.output<typeof EnvironmentQuery>;
