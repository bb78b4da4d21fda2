import { randomBytes } from 'node:crypto';
import { OperationError } from '@holdfast/contracts';
import { openDatabase, type PrismaClient } from '@holdfast/prisma';
import { createFirstOwner } from './users/first-owner.ts';
import { openOwnerSession } from './users/owner-session.ts';
import { readDatabaseUrl, readOwnerVariables } from './config.ts';

// Prints one line of JSON: {"created":true,"email":…,"password":…} (the password only when it was made here), or
// {"created":false} when there is an account already. With --session: {"token":…}, a short session of the owner.
const DEFAULT_EMAIL = 'owner@holdfast.local';

async function createOwner(database: PrismaClient): Promise<object> {
  const { email, password } = readOwnerVariables();
  const generated = password === null ? randomBytes(15).toString('base64url') : null;
  const created = await createFirstOwner(database, {
    email: email ?? DEFAULT_EMAIL,
    password: password ?? generated ?? '',
  });
  if (created === null) return { created: false };
  return { created: true, email: created, ...(generated !== null && { password: generated }) };
}

try {
  const database = openDatabase(readDatabaseUrl());
  try {
    const answer = process.argv.includes('--session')
      ? { token: await openOwnerSession(database) }
      : await createOwner(database);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } finally {
    await database.$disconnect();
  }
} catch (error) {
  const reason =
    error instanceof OperationError ? error.message : `${(error as Error).name}: the owner was not created`;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
