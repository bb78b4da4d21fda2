export type Json = Record<string, unknown>;
export type Schemas = Record<string, Json>;

const ID = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
const INSTANT = '2026-11-24T08:50:00.000Z';

const OF_FORMAT: Record<string, unknown> = {
  uuid: ID,
  date: '2026-11-24',
  'date-time': INSTANT,
  email: 'owner@example.org',
  base64: 'eyJvayI6dHJ1ZX0=',
};

/** What a property of this name may hold; where a schema says nothing better. */
const OF_NAME: Record<string, unknown> = {
  name: 'main',
  description: 'Before the new release',
  tags: ['release'],
  environmentName: 'production',
  repositoryName: 'main',
  actorName: 'Ada Lovelace',
  host: 'db.example.org',
  port: 5432,
  database: 'app',
  user: 'backup',
  color: '#c62828',
  path: '/var/lib/holdfast/repositories/main',
  components: ['database'],
  serverVersion: '17.6',
  serverMajor: 17,
  dumpClient: '17.6',
  systemIdentifier: '7412345678901234567',
  sizeBytes: 962_072_576,
  storedBytes: 143_654_912,
  bytes: 962_072_576,
  done: 481_036_288,
  total: 962_072_576,
  rate: 96_207_257,
  etaSeconds: 5,
  tables: 42,
  rows: 1_250_000,
  objects: 3_400,
  artifacts: 57,
  seconds: 21.4,
  latencyMs: 2.1,
  manifestSha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bb822cd15d6c15b0f00a0',
  repositoryUid: '5e0a6c52-58d1-4d0c-9f3c-0d7f1c6a2f11',
  included: ['schemas app, public', '42 tables'],
  subjects: ['app_owner'],
  reason: 'The server does not give out the passwords of roles',
  ip: '203.0.113.7',
  userAgent: 'curl/8.5',
  version: 1,
  token: 'hf_…',
  permissions: ['backup.read', 'backup.create'],
  role: 'operator',
  currentPassword: 'the one until now',
  address: '127.0.0.1:7233',
  namespace: 'default',
  pollers: 2,
  message: 'What happened, in words',
  code: 'role-passwords',
  step: 'rows',
  workflowId: 'backup/production/0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10',
  temporalUrl: 'http://127.0.0.1:8233/namespaces/default/workflows/backup%2Fproduction%2F0199b2a4',
  email: 'ada@example.org',
  reachable: true,
  attached: true,
  artifact: 'rows/public.orders',
  problem: 'checksum',
  comparedAs: 'public.orders',
  schema: 'public',
  checksum: '9df307356c87d124',
  contentType: 'image/png',
  bucket: 'avatars',
  gapCodes: ['role-passwords'],
  timeZone: 'Europe/Berlin',
  cost: 'All 1250000 rows of public.orders',
  extensions: [{ name: 'pgcrypto', version: '1.3' }],
  roles: ['app_owner', 'authenticated'],
};

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

function objectSample(schema: Json, schemas: Schemas, input: boolean): Json {
  const required = new Set(list(schema['required']) as unknown as string[]);
  const properties = Object.entries((schema['properties'] ?? {}) as Schemas);
  // A request shows what it must hold, and what someone wrote an example for; an answer shows everything.
  const shown = properties.filter(([name, property]) => !input || required.has(name) || 'example' in property);
  return Object.fromEntries(
    shown.map(([name, property]) => {
      const made = sampleOf(property, schemas, input);
      const said =
        'example' in property || 'enum' in property || !(name in OF_NAME) || typeof made !== typeof OF_NAME[name];
      return [name, said ? made : OF_NAME[name]];
    }),
  );
}

function scalarSample(schema: Json): unknown {
  const type = [schema['type']].flat().find((name) => name !== 'null');
  const format = typeof schema['format'] === 'string' ? OF_FORMAT[schema['format']] : undefined;
  if (format !== undefined) return format;
  if (schema['default'] !== undefined) return schema['default'];
  if (type === 'boolean') return false;
  if (type === 'integer' || type === 'number') return Math.max(1, Number(schema['minimum'] ?? 1));
  return type === 'string' ? 'text' : null;
}

/** An example of what a schema describes, the same at each call: its own, or made from its parts. */
export function sampleOf(schema: Json, schemas: Schemas, input: boolean): unknown {
  if (schema['example'] !== undefined) return schema['example'];
  const reference = schema['$ref'];
  if (typeof reference === 'string') return sampleOf(schemas[reference.split('/').at(-1) ?? ''] ?? {}, schemas, input);
  const [first] = list(schema['enum']);
  if (first !== undefined) return first;
  const choices = [...list(schema['anyOf']), ...list(schema['oneOf'])].filter(({ type }) => type !== 'null');
  if (choices[0]) return sampleOf(choices[0], schemas, input);
  if (schema['type'] === 'array') return [sampleOf((schema['items'] ?? {}) as Json, schemas, input)];
  if (schema['type'] === 'object') return objectSample(schema, schemas, input);
  return scalarSample(schema);
}
