import { randomBytes, randomUUID } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Role } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import type { DestinationStream } from 'pino';
import { createApp } from './app.ts';
import { hashPassword } from './auth/password.ts';
import { API_TOKEN_PREFIX, hashToken, newToken } from './auth/token.ts';
import { readConfig } from './config.ts';

/** What a spec sees of an answer: JSON is read, anything else is text. */
export interface Answer {
  status: number;
  headers: Headers;
  // `any`: specs look into bodies of every shape; the document's own spec checks the shapes.
  body: any;
}

export interface Asked {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The API, listening on a free port, over real HTTP. */
export interface RunningApi {
  url: string;
  app: NestExpressApplication;
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  stop(): Promise<void>;
}

export const TEST_MASTER_KEY = randomBytes(32);

/** Starts an API on a free port; `variables` are added to a configuration that allows loopback. */
export async function startApi(variables: Record<string, string>, logTo?: DestinationStream): Promise<RunningApi> {
  const app = await createApp(
    readConfig({
      HOLDFAST_MASTER_KEY: TEST_MASTER_KEY.toString('base64'),
      HOLDFAST_LOG_LEVEL: 'silent',
      HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'loopback',
      // A port on which nothing listens: Temporal is away unless a spec says where it is.
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...variables,
    }),
    logTo,
  );
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { url, app, ask: (method, path, asked) => ask(url + path, method, asked ?? {}), stop: () => app.close() };
}

async function ask(url: string, method: string, { token, body, headers }: Asked): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

export const TEST_PASSWORD = 'correct horse battery staple';
let passwordHash: Promise<string> | undefined;

/** An account of this role with an API token. */
export async function accountOf(
  database: PrismaClient,
  role: Role,
): Promise<{ id: string; email: string; token: string }> {
  passwordHash ??= hashPassword(TEST_PASSWORD);
  const email = `${role}-${randomUUID()}@example.org`;
  const account = await database.account.create({
    data: { email, name: `The ${role}`, role, passwordHash: await passwordHash },
  });
  const token = newToken(API_TOKEN_PREFIX);
  await database.apiToken.create({
    data: {
      accountId: account.id,
      name: 'spec',
      hint: token.slice(0, 7),
      tokenHash: hashToken(token),
      expiresAt: new Date(Date.now() + 3_600_000),
    },
  });
  return { id: account.id, email, token };
}
