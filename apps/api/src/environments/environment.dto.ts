import { ENVIRONMENT_KINDS, TLS_MODES } from '@holdfast/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

/** Safe inside a workflow's id and a path. */
const environmentName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'expected 1 to 63 letters, digits, - _ . and a letter or digit first',
  })
  .meta({ example: 'production' });

const host = z
  .string()
  .max(253)
  .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]+(?:%\w+)?)$/, {
    error: 'expected a host name or an IP address',
  })
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
  .meta({ example: '#c62828' });

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
  projectRef: projectRef.nullable().optional(),
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
  port: z.int().min(1).max(65_535).optional().describe('5432 unless said'),
  database: postgresName.optional().meta({ example: 'app' }),
  user: postgresName.optional().meta({ example: 'backup' }),
  password: password.optional(),
  tlsMode: z.enum(TLS_MODES).optional().describe('As sslmode of libpq'),
  caCertificate: caCertificate.nullable().optional().describe('PEM; for verify-ca and verify-full'),
};

export const CreateEnvironment = z
  .strictObject({
    name: environmentName,
    kind: z.enum(ENVIRONMENT_KINDS).default('postgres'),
    ...connection,
    color: color.optional(),
    production: z.boolean().default(false),
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
    kind: z.enum(ENVIRONMENT_KINDS).optional(),
    ...connection,
    color: color.optional(),
    production: z.boolean().optional(),
    ...project,
  })
  .meta({ id: 'UpdateEnvironment', example: { host: 'db2.example.org', color: '#c62828' } });
export type UpdateEnvironment = z.output<typeof UpdateEnvironment>;

export const EnvironmentView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    kind: z.enum(ENVIRONMENT_KINDS),
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string(),
    tlsMode: z.enum(TLS_MODES),
    caCertificate: z.string().nullable(),
    color: z.string(),
    production: z.boolean(),
    projectRef: z.string().nullable(),
    projectUrl: z.string().nullable(),
    hasServiceKey: z.boolean(),
    managementUrl: z.string().nullable(),
    hasAccessToken: z.boolean(),
    functionsDirectory: z.string().nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Environment' });
export type EnvironmentView = z.output<typeof EnvironmentView>;

export const EnvironmentPage = pageOf(EnvironmentView, 'EnvironmentPage');
export type EnvironmentPage = z.output<typeof EnvironmentPage>;

export const EnvironmentQuery = z.strictObject({
  ...pageQuery,
  search: z.string().max(100).optional().describe('Part of the name'),
  kind: z.array(z.enum(ENVIRONMENT_KINDS)).optional(),
  production: z.enum(['true', 'false']).optional(),
});
export type EnvironmentQuery = z.output<typeof EnvironmentQuery>;
