import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { ADDRESS_ALLOWANCES, OperationError } from '@holdfast/contracts';
import type { FieldError } from '@holdfast/contracts';
import { z } from 'zod';

const postgresUrl = (error: string) => z.string({ error }).regex(/^postgres(ql)?:\/\/./, { error });

const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, { error: `expected a whole number from ${minimum} to ${maximum}` })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, {
      error: `expected a whole number from ${minimum} to ${maximum}`,
    });

/** Every variable a worker reads, by name; those of `SECRET_FILES` may come from a file instead. */
export const configSchema = z.object({
  DATABASE_URL: postgresUrl('expected postgresql://user:password@host:port/database'),
  HOLDFAST_MASTER_KEY: z
    .string({ error: 'expected 32 random bytes in base64' })
    .regex(/^[A-Za-z0-9+/]{43}=$/, { error: 'expected 32 random bytes in base64' })
    .transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
  SCRATCH_DATABASE_URL: postgresUrl('expected postgresql://user:password@host:port/database, or nothing').optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, { error: 'expected host:port' })
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  HOLDFAST_WORKER_HOST: z.string().default('127.0.0.1'),
  HOLDFAST_WORKER_PORT: wholeNumber(0, 65_535).default(3001),
  HOLDFAST_TOOLS_DIR: z.string().optional(),
  HOLDFAST_PARALLEL: wholeNumber(1, 64).default(2),
  HOLDFAST_ALLOW_PRIVATE_ADDRESSES: z
    .enum(ADDRESS_ALLOWANCES, { error: 'expected none, loopback or all' })
    .default('none'),
  HOLDFAST_FUNCTIONS_ROOTS: z
    .string()
    .transform((text) => text.split(':').filter((part) => part !== ''))
    .pipe(z.array(z.string().refine(isAbsolute, { error: 'expected absolute directories, separated by colons' })))
    .default([]),
  HOLDFAST_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'expected fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
});

/** The variables that `<NAME>_FILE` can give as the path of a file. */
export const SECRET_FILES = ['DATABASE_URL', 'HOLDFAST_MASTER_KEY', 'SCRATCH_DATABASE_URL'] as const;

/** The configuration of one worker process. */
export type Config = z.output<typeof configSchema>;

type Variables = Record<string, string | undefined>;

/** Reads the configuration; throws `config.invalid` that names every wrong variable at once, never its value. */
export function readConfig(variables: Variables = process.env): Config {
  const { values, errors } = resolveFiles(variables);
  const parsed = configSchema.safeParse(values);
  const unread = new Set(errors.map(({ at }) => at.replace(/_FILE$/, '')));
  for (const { path, message } of parsed.error?.issues ?? []) {
    const at = String(path[0]);
    if (!unread.has(at)) errors.push({ at, message });
  }
  if (parsed.success && errors.length === 0) return parsed.data;
  const told = errors.map(({ at, message }) => `${at}: ${message}`).join('; ');
  throw new OperationError('config.invalid', `The configuration is invalid. ${told}`, {
    hint: 'Every variable is described in .env.example.',
    errors,
  });
}

/** Replaces `<NAME>_FILE` by what the file holds; an empty text counts as not set. */
function resolveFiles(variables: Variables): { values: Variables; errors: FieldError[] } {
  const values: Variables = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const errors: FieldError[] = [];
  for (const name of SECRET_FILES) {
    const path = values[`${name}_FILE`];
    if (path === undefined) continue;
    if (values[name] !== undefined) {
      errors.push({ at: name, message: `is given twice, also as ${name}_FILE` });
      continue;
    }
    try {
      values[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      errors.push({ at: `${name}_FILE`, message: `cannot be read (${code})` });
    }
  }
  return { values, errors };
}
