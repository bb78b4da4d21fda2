import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { connect } from '@holdfast/testing';
import { unreadable, type DataDir } from './data-dir.ts';

const OWNER_PASSWORD = 'owner-password';

/** The first account; `password` is known until `forgetPassword`, or where the environment gave it to a new account. */
export interface Owner {
  email: string;
  password: string | null;
}

/** The built `create-owner` and its environment. */
export interface OwnerProgram {
  main: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Makes the first owner where there is none, with HOLDFAST_OWNER_PASSWORD or a password of our own, which is kept in
 * a file until somebody has seen it: a start that is killed half-way must not lock everybody out. An owner who is there
 * keeps the password: what the environment gives later is not it.
 */
export async function createOwner(dir: DataDir, database: PostgresTarget, program: OwnerProgram): Promise<Owner> {
  const given = process.env['HOLDFAST_OWNER_PASSWORD'] || null;
  const present = await firstOwner(database);
  if (present) return { email: present, password: await rememberedPassword(dir) };
  // One of our own, which no account got, must not be shown as this account's by a later start.
  if (given) await forgetPassword(dir);
  const password = given ?? (await dir.secret(OWNER_PASSWORD));
  const { email } = await runCreateOwner(program, [], { HOLDFAST_OWNER_PASSWORD: password });
  return { email: String(email), password };
}

/** What the summary of a start says of the owner's password; `given`: HOLDFAST_OWNER_PASSWORD. */
export function passwordWords(owner: Owner, given: string | undefined): string {
  if (owner.password !== null && owner.password !== given) return `${owner.password}   (shown once: note it down)`;
  if (!given) return '(was shown at the first start)';
  return owner.password === given
    ? '(HOLDFAST_OWNER_PASSWORD)'
    : '(unchanged: HOLDFAST_OWNER_PASSWORD is only for a new account)';
}

/** A short-lived bearer token of the first owner, for a start that does not know a password. */
export async function sessionToken(program: OwnerProgram): Promise<string> {
  const { token } = await runCreateOwner(program, ['--session'], {});
  return String(token);
}

async function runCreateOwner(
  program: OwnerProgram,
  args: string[],
  more: Record<string, string>,
): Promise<Record<string, unknown>> {
  const env = { ...program.env, ...more };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program.main, ...args], { env, timeout: 60_000 });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new OperationError('internal.error', `${program.main}: ${words}`, { cause });
  }
}

/** Removes our copy of the owner's password, once it was shown. */
export const forgetPassword = (dir: DataDir): Promise<void> => rm(dir.at('secrets', OWNER_PASSWORD), { force: true });

async function firstOwner(database: PostgresTarget): Promise<string | null> {
  const client = await connect(database);
  try {
    const { rows } = await client.query<{ email: string }>(
      "SELECT email FROM accounts WHERE role = 'owner' ORDER BY created_at LIMIT 1",
    );
    return rows[0]?.email ?? null;
  } finally {
    await client.end();
  }
}

// One that cannot be read is no reason to say that it was shown, and then to remove it.
const rememberedPassword = (dir: DataDir): Promise<string | null> =>
  readFile(dir.at('secrets', OWNER_PASSWORD), 'utf8').then(
    (text) => text.trim() || null,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw unreadable(dir.at('secrets', OWNER_PASSWORD), error);
    },
  );
