import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { ADDRESS_ALLOWANCES, OperationError, type FieldError } from '@holdfast/contracts';
import { z } from 'zod';

const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const originList = commaList.pipe(
  z.array(
    z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
      error: 'expected origins such as https://holdfast.example.org, separated by commas',
    }),
  ),
);

const directoryList = commaList.pipe(
  z.array(z.string().refine(isAbsolute, { error: 'expected absolute directories, separated by commas' })),
);

/** As PATH is written: a directory's name may hold a comma. */
const pathList = z
  .string()
  .transform((text) => text.split(':').filter((part) => part !== ''))
  .pipe(z.array(z.string().refine(isAbsolute, { error: 'expected absolute directories, separated by colons' })));

const directory = z.string().refine(isAbsolute, { error: 'expected an absolute directory' });

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' });

const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'expected a port from 0 to 65535' })
  .transform(Number)
  .refine((value) => value <= 65_535, { error: 'expected a port from 0 to 65535' });

const masterKey = z
  .string({ error: 'is required: 32 random bytes in base64' })
  .regex(/^[A-Za-z0-9+/]{43}=$/, { error: 'expected 32 bytes in base64' })
  .transform((text) => Buffer.from(text, 'base64'));

const whole = (unit: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, { error: `expected a whole number of ${unit}` })
    .transform(Number);

/** Every variable the API reads, by name; `SECRET_FILES` ones may come from a file instead. */
export const configSchema = z.object({
  DATABASE_URL: z
    .string({ error: 'is required: postgresql://user:password@host:port/database' })
    .regex(/^postgres(ql)?:\/\/./, { error: 'expected postgresql://user:password@host:port/database' }),
  HOLDFAST_MASTER_KEY: masterKey,
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, { error: 'expected host:port' })
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  HOLDFAST_API_HOST: z.string().default('127.0.0.1'),
  HOLDFAST_API_PORT: port.default(3000),
  HOLDFAST_CONSOLE_DIRECTORY: directory.optional(),
  HOLDFAST_ORIGINS: originList.default([]),
  HOLDFAST_TRUST_PROXY: commaList.default([]),
  HOLDFAST_ALLOW_PRIVATE_ADDRESSES: z
    .enum(ADDRESS_ALLOWANCES, { error: 'expected none, loopback or all' })
    .default('none'),
  HOLDFAST_REPOSITORY_ROOTS: directoryList.default([]),
  HOLDFAST_FUNCTIONS_ROOTS: pathList.default([]),
  HOLDFAST_TEMPORAL_UI_URL: httpUrl.optional(),
  HOLDFAST_WORKER_URL: httpUrl.optional(),
  HOLDFAST_WORKER_LOST_AFTER_SECONDS: whole('seconds').default(900),
  HOLDFAST_BACKUP_OLD_AFTER_HOURS: whole('hours').default(48),
  HOLDFAST_PROOF_OLD_AFTER_DAYS: whole('days').default(30),
  HOLDFAST_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'expected fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
});

/** The variables that `<NAME>_FILE` can give as the path of a file. */
export const SECRET_FILES = ['DATABASE_URL', 'HOLDFAST_MASTER_KEY'] as const;

/** The configuration of one API process. */
export type Config = z.output<typeof configSchema>;

const UNUSED_KEY = Buffer.alloc(32).toString('base64');

type Variables = Record<string, string | undefined>;

/** Values by name: an empty text counts as unset, and `<NAME>_FILE` is read where it is given. */
function withFiles(variables: Variables, errors: FieldError[]): Variables {
  const values = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  for (const name of SECRET_FILES) {
    const path = values[`${name}_FILE`];
    if (path === undefined) continue;
    if (values[name] !== undefined) {
      errors.push({ at: name, message: `is given twice: as ${name} and as ${name}_FILE` });
      continue;
    }
    try {
      values[name] = readFileSync(path, 'utf8').trim();
    } catch (cause) {
      errors.push({
        at: `${name}_FILE`,
        message: `cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`,
      });
    }
  }
  return values;
}

/** Reads the configuration; throws `config.invalid` naming every wrong variable at once, never with its value. */
export function readConfig(variables: Variables = process.env): Config {
  const errors: FieldError[] = [];
  const values = withFiles(variables, errors);
  const parsed = configSchema.safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const at = String(issue.path[0]);
    // A file that could not be read has been named already.
    if (!errors.some((error) => error.at === at || error.at === `${at}_FILE`))
      errors.push({ at, message: issue.message });
  }
  if (parsed.success && errors.length === 0) return parsed.data;
  const lines = errors.map((error) => `${error.at} ${error.message}`);
  throw new OperationError('config.invalid', `The configuration is invalid: ${lines.join('; ')}`, {
    hint: 'See .env.example for every variable.',
    errors,
  });
}

/** What `create-owner` takes from its environment: both may be absent. */
export function readOwnerVariables(variables: Variables = process.env): {
  email: string | null;
  password: string | null;
} {
  return {
    email: variables['HOLDFAST_OWNER_EMAIL'] || null,
    password: variables['HOLDFAST_OWNER_PASSWORD'] || null,
  };
}

/** The database alone, for commands that need nothing else; throws `config.invalid`. */
export function readDatabaseUrl(variables: Variables = process.env): string {
  const { DATABASE_URL } = readConfig({ ...variables, HOLDFAST_MASTER_KEY_FILE: '', HOLDFAST_MASTER_KEY: UNUSED_KEY });
  return DATABASE_URL;
}
