import type { AddressAllowance } from '@holdfast/contracts';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, failureOf, takeBackup } from '../engine-under-test.ts';
import { withConnection } from '../postgres/connection.ts';
import { dumpSection } from '../postgres/pg-dump.ts';
import { attachRepository } from '../repository/repository.ts';
import { WebClient } from './web-client.ts';

const REFUSED = { code: 'environment.address_refused' };

let web: Server;
let connections = 0;
let postgres: ThrowawayPostgres;
let dir: string;

beforeAll(async () => {
  postgres = await throwawayPostgres(17);
  dir = await makeTempDir('guarded');
  web = createServer((_request, answer) => void answer.end('here')).listen(0, '127.0.0.1');
  web.on('connection', () => (connections += 1));
  await once(web, 'listening');
});
afterAll(async () => {
  web.close();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

async function ask(host: string, allowance: AddressAllowance): Promise<string> {
  const url = `http://${host}:${(web.address() as AddressInfo).port}`;
  const hints = { unreachable: '', refused: '' };
  const service = { name: 'It', unreachable: 'storage.unreachable', refused: 'storage.refused', hints } as const;
  const client = new WebClient({ url, allowance }, 'secret', service, 1);
  try {
    const answer = await client.request({ path: '/', method: 'GET', signal: calm.signal });
    return answer.refusal ? answer.refusal.text : await answer.body.text();
  } finally {
    await client.close();
  }
}

const target = (host: string, allowance: AddressAllowance) => ({ ...postgres.target, host, allowance });

describe('a connection over HTTP', () => {
  it.each(['localhost', '127.0.0.1', '[::ffff:127.0.0.1]', 'metadata.google.internal'])(
    'is not made to %s where that is not allowed',
    async (host) => {
      const before = connections;
      expect(await failureOf(ask(host, 'none'))).toMatchObject(REFUSED);
      expect(connections).toBe(before);
    },
  );

  it('is made where it is', async () => {
    expect(await ask('localhost', 'loopback')).toBe('here');
    expect(await ask('127.0.0.1', 'loopback')).toBe('here');
  });
});

describe('a connection to Postgres', () => {
  const query = (host: string, allowance: AddressAllowance) =>
    withConnection(target(host, allowance), { signal: calm.signal }, (client) => client.query('SELECT 1 AS one'));

  it.each(['localhost', '127.0.0.1'])('is not made to %s where that is not allowed', async (host) => {
    expect(await failureOf(query(host, 'none'))).toMatchObject(REFUSED);
    const dump = dumpSection({
      ...{ binDir: dir, target: target(host, 'none'), section: 'pre-data', snapshot: 'x', excludeSchemas: [] },
      ...{ lockTimeoutSeconds: 1, signal: calm.signal },
    });
    expect(await failureOf(dump.next())).toMatchObject(REFUSED);
  });

  it('is made where it is, by pg_dump too', async () => {
    expect((await query('localhost', 'loopback')).rows).toEqual([{ one: 1 }]);
    const { repository } = await attachRepository(join(dir, 'repository'));
    expect(await takeBackup(target('localhost', 'loopback'), repository)).toMatchObject({ tables: 0 });
  });
});
