import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { chown, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, failureOf } from '../engine-under-test.ts';
import { defaultToolsDir, findClient } from './binaries.ts';
import { serverUser } from './cluster.ts';
import { connect, disconnect } from './connection.ts';
import { copyOut, type RowSink } from './copy-out.ts';
import { dumpSection } from './pg-dump.ts';
import { probeEnvironment } from './probe.ts';
import type { PostgresTarget } from './target.ts';

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const long = [body.length >> 8, body.length & 255];
  const length = body.length < 128 ? [body.length] : [0x82, ...long];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const oid = (text: string): Buffer => der(6, hex(text));
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** A certificate for 127.0.0.1 that its own key signed (RFC 5280, ECDSA with SHA-256), good from 2020 to 2049. */
function selfSigned({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): string {
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const name = sequence(der(0x31, sequence(oid('550403'), der(12, Buffer.from('holdfast spec')))));
  const dates = sequence(der(23, Buffer.from('200101000000Z')), der(23, Buffer.from('491231235959Z')));
  const authority = sequence(oid('551d13'), der(1, hex('ff')), der(4, sequence(der(1, hex('ff')))));
  const address = sequence(oid('551d11'), der(4, sequence(der(0x87, hex('7f000001')))));
  const body = sequence(
    ...[der(0xa0, der(2, hex('02'))), der(2, hex('01')), algorithm, name, dates, name],
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(authority, address)),
  );
  return pem(sequence(body, algorithm, der(3, hex('00'), sign('sha256', body, privateKey))));
}

let server: ThrowawayPostgres;
let certificate: string;
let plain: PostgresTarget;
let encrypted: PostgresTarget;

beforeAll(async () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  certificate = selfSigned(keys);
  const dir = await makeTempDir('tls');
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  await writeFile(key, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(cert, certificate);
  const user = serverUser();
  if (user) await chown(key, user.uid, user.gid);
  server = await throwawayPostgres(17, { settings: { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key } });
  plain = server.target;
  encrypted = { ...plain, tlsMode: 'verify-full', caCertificate: certificate, allowance: 'loopback' };
  const client = await server.client();
  await client.query(`
    CREATE TABLE many AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 200000) g;
    CREATE TABLE wide AS SELECT 1 AS id, repeat('abcdefghij', 2500000) AS text;
    INSERT INTO wide VALUES (2, 'short'), (3, repeat('x', 8 << 20)), (4, NULL), (5, repeat(E'\\t\\n\\\\', 3000000));
    CREATE TABLE columnless (); INSERT INTO columnless DEFAULT VALUES; INSERT INTO columnless DEFAULT VALUES;
    CREATE FUNCTION telling(n int) RETURNS int LANGUAGE plpgsql AS $$
      BEGIN RAISE NOTICE 'row % %', n, repeat('y', 5000); RETURN n; END $$;
    CREATE FUNCTION slowly(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(n); RETURN n; END $$`);
});
afterAll(() => server.stop());

/** Keeps everything; what a spec gives takes its place. */
function keeping(more: Partial<RowSink> = {}) {
  const parts: Buffer[] = [];
  let last = 0;
  const sink: RowSink = {
    chunk: (view, ends) => {
      parts.push(Buffer.from(view));
      if (ends) last++;
    },
    pause: () => undefined,
    ...more,
  };
  return { sink, text: () => Buffer.concat(parts), parts, lasts: () => last };
}

async function withClient<T>(target: PostgresTarget, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(target, { signal: calm.signal });
  try {
    return await work(client);
  } finally {
    await disconnect(client);
  }
}

const one = async (client: pg.Client): Promise<unknown> => (await client.query('SELECT 1 AS one')).rows;
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each(['without TLS', 'with TLS'])('a COPY %s', (how) => {
  const run = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    withClient(how === 'with TLS' ? encrypted : plain, work);

  it('gives every byte of rows wider than any buffer', async () => {
    await run(async (client) => {
      const { sink, text, parts } = keeping();
      const figures = await copyOut(client, 'COPY wide TO STDOUT', sink);
      const escaped = String.raw`\t\n\\`.repeat(3_000_000);
      const expected = [`1\t${'abcdefghij'.repeat(2_500_000)}`, '2\tshort', `3\t${'x'.repeat(8 << 20)}`, '4\t\\N'];
      expect(sha(text())).toBe(sha(Buffer.from(`${[...expected, `5\t${escaped}`].join('\n')}\n`)));
      expect(figures).toMatchObject({ rows: 5, bytes: text().length });
      expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(8 << 20);
      expect(await one(client)).toEqual([{ one: 1 }]);
    });
  });

  it('gives the same again and again on one connection, with other queries between', async () => {
    await run(async (client) => {
      const seen = new Set<string>();
      for (let n = 0; n < 4; n++) {
        const { sink, text } = keeping();
        const figures = await copyOut(client, 'COPY many TO STDOUT', sink);
        seen.add(`${figures.rows} ${figures.checksum} ${sha(text())}`);
        expect(await one(client)).toEqual([{ one: 1 }]);
      }
      expect([...seen]).toEqual([expect.stringMatching(/^200000 /)]);
    });
  });

  it('waits while its sink has no room, and goes on', async () => {
    await run(async (client) => {
      let pauses = 0;
      const { sink, text } = keeping({ pause: () => (pauses++ % 10 === 0 ? sleep(20) : undefined) });
      const figures = await copyOut(client, 'COPY many TO STDOUT', sink);
      expect(figures.bytes).toBe(text().length);
      // how many parts there are is for the system to choose
      expect(pauses).toBeGreaterThan(10);
    });
  });
});

describe('a COPY that fails', () => {
  it.each([
    ['before the first row', 'COPY (SELECT 1 / (g - 1) FROM generate_series(1, 9) g) TO STDOUT', '22012'],
    ['in the middle', 'COPY (SELECT 1 / (150000 - g) FROM generate_series(1, 200000) g) TO STDOUT', '22012'],
    ['because its table is not there', 'COPY missing TO STDOUT', '42P01'],
    ['because it is no SQL', 'COPY', '42601'],
  ])('%s tells the server’s error and leaves the connection usable', async (_when, sql, code) => {
    await withClient(plain, async (client) => {
      const { sink, lasts } = keeping();
      expect(await failureOf(copyOut(client, sql, sink))).toMatchObject({ code });
      expect(lasts()).toBe(0);
      expect(await one(client)).toEqual([{ one: 1 }]);
      expect(await copyOut(client, 'COPY many TO STDOUT', keeping().sink)).toMatchObject({ rows: 200_000 });
    });
  });

  it('because its backend was ended is told, and so is every query after it', async () => {
    await withClient(plain, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const copy = failureOf(
        copyOut(client, 'COPY (SELECT slowly(g) FROM generate_series(1, 9) g) TO STDOUT', keeping().sink),
      );
      await sleep(300);
      await (await server.client()).query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      expect((await copy).message).toMatch(/terminat/i);
      await expect(one(client)).rejects.toThrow();
    });
  });

  it.each<[string, string, RowSink['chunk']]>([
    ['in the middle', 'COPY many TO STDOUT', (_view, last) => (last ? undefined : fail())],
    ['with the last chunk', 'COPY (SELECT 1) TO STDOUT', (_view, last) => (last ? fail() : undefined)],
  ])('because its sink threw %s tells that, and only that', async (_when, sql, chunk) => {
    for (let n = 0; n < 10; n++) {
      await withClient(plain, async (client) => {
        const { sink } = keeping({ chunk });
        expect((await failureOf(copyOut(client, sql, sink))).message).toBe('the sink is full');
      });
    }
  });

  it('because its sink failed while it was waited for tells that', async () => {
    await withClient(plain, async (client) => {
      const pause = (): Promise<void> => sleep(5).then(fail);
      const { sink } = keeping({ pause });
      expect((await failureOf(copyOut(client, 'COPY many TO STDOUT', sink))).message).toBe('the sink is full');
    });
  });
});

function fail(): never {
  throw new Error('the sink is full');
}

describe('a COPY of few rows', () => {
  it('of none, and of rows without columns', async () => {
    await withClient(plain, async (client) => {
      const none = keeping();
      const nothing = await copyOut(client, 'COPY (SELECT 1 WHERE false) TO STDOUT', none.sink);
      expect({ ...nothing, parts: none.parts.length }).toMatchObject({ rows: 0, bytes: 0, parts: 0 });
      const two = keeping();
      expect(await copyOut(client, 'COPY columnless TO STDOUT', two.sink)).toMatchObject({ rows: 2, bytes: 2 });
      expect({ text: String(two.text()), lasts: two.lasts() }).toEqual({ text: '\n\n', lasts: 1 });
    });
  });

  it('with notices between them', async () => {
    await withClient(plain, async (client) => {
      const { sink, text } = keeping();
      const sql = 'COPY (SELECT telling(g) FROM generate_series(1, 3000) g) TO STDOUT';
      expect(await copyOut(client, sql, sink)).toMatchObject({ rows: 3000 });
      expect(String(text())).toBe(Array.from({ length: 3000 }, (_, n) => `${n + 1}\n`).join(''));
      expect(await one(client)).toEqual([{ one: 1 }]);
    });
  });
});

describe('silence', () => {
  const slow = 'COPY (SELECT slowly(g) FROM generate_series(1, 60) g) TO STDOUT';

  it('ends a COPY after its time', async () => {
    await withClient(plain, async (client) => {
      const began = Date.now();
      const error = await failureOf(copyOut(client, slow, keeping().sink, 300));
      expect(error.message).toContain('no byte came for 0.3 s');
      expect(Date.now() - began).toBeLessThan(3_000);
    });
  });

  it('does not count while the sink makes us wait, and counts again after that', async () => {
    await withClient(plain, async (client) => {
      let waited = 0;
      const pause = (): Promise<void> | undefined => (waited++ === 3 ? sleep(700) : undefined);
      const { sink } = keeping({ pause });
      expect(await copyOut(client, 'COPY many TO STDOUT', sink, 300)).toMatchObject({ rows: 200_000 });
      expect(waited).toBeGreaterThan(3);
    });
    await withClient(plain, async (client) => {
      let waited = 0;
      const pause = (): Promise<void> | undefined => (waited++ === 0 ? sleep(700) : undefined);
      const sql =
        "COPY (SELECT CASE g WHEN 1 THEN repeat('x', 9999) ELSE slowly(g)::text END FROM generate_series(1, 60) g) TO STDOUT";
      const error = await failureOf(copyOut(client, sql, keeping({ pause }).sink, 400));
      expect(error.message).toContain('no byte came');
    });
  });

  it('is ended by a cancel at once', async () => {
    const cancel = new AbortController();
    const client = await connect(plain, { signal: cancel.signal });
    const copy = failureOf(copyOut(client, slow, keeping().sink));
    await sleep(100);
    const began = Date.now();
    cancel.abort(new Error('enough'));
    await copy;
    expect(Date.now() - began).toBeLessThan(500);
    await disconnect(client);
  });
});

describe('connecting', () => {
  it.each(['require', 'verify-ca', 'verify-full', 'prefer'] as const)(
    'with TLS mode %s is encrypted',
    async (tlsMode) => {
      const report = await probeEnvironment(
        { target: { ...encrypted, tlsMode }, kind: 'postgres', toolsDir: '/none' },
        calm,
      );
      expect(report.tls).toEqual({ used: true, version: 'TLSv1.3' });
    },
  );

  it('trusts those whom this process trusts where no authority is given, and so does pg_dump', async () => {
    const trusted = getCACertificates('default');
    const target = { ...encrypted, caCertificate: null };
    expect(await failureOf(connect(target, calm))).toMatchObject({ code: 'environment.tls_failed' });
    setDefaultCACertificates([...trusted, certificate]);
    try {
      const client = await connect(target, calm);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
      const { binDir = '' } = (await findClient(defaultToolsDir(), 17)) ?? {};
      const parts: Buffer[] = [];
      const dump = { target, binDir, snapshot: rows[0]?.id ?? '', section: 'pre-data' as const, excludeSchemas: [] };
      for await (const part of dumpSection({ ...dump, ...calm, lockTimeoutSeconds: 5 })) parts.push(part);
      expect(Buffer.concat(parts).toString()).toContain('CREATE TABLE "public"."columnless"');
      await disconnect(client);
    } finally {
      setDefaultCACertificates(trusted);
    }
  });

  it('refuses a server that another authority signed, and one of another name', async () => {
    const other = selfSigned(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    for (const target of [
      { ...encrypted, caCertificate: other },
      { ...encrypted, tlsMode: 'verify-ca' as const, caCertificate: other },
      { ...encrypted, host: 'localhost' },
    ]) {
      expect(await failureOf(connect(target, { signal: calm.signal }))).toMatchObject({
        code: 'environment.tls_failed',
      });
    }
  });

  it('says what was wrong, and never the password', async () => {
    for (const [target, code] of [
      [{ ...plain, password: 'wrong-password' }, 'environment.sign_in_failed'],
      [{ ...plain, user: 'nobody at all' }, 'environment.sign_in_failed'],
      [{ ...plain, database: 'nowhere' }, 'environment.database_missing'],
      [{ ...plain, port: 1 }, 'environment.unreachable'],
    ] as const) {
      const error = await failureOf(connect(target, { signal: calm.signal }));
      expect(error.code).toBe(code);
      expect(`${error.message} ${error.hint}`).not.toContain(target.password);
    }
  });

  it('to somebody who says nothing is ended by a cancel at once', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    for (const tlsMode of ['disable', 'require'] as const) {
      const cancel = new AbortController();
      const connecting = failureOf(connect({ ...plain, port, tlsMode }, { signal: cancel.signal }));
      await sleep(100);
      const began = Date.now();
      cancel.abort(new Error('enough'));
      expect((await connecting).message).toBe('enough');
      expect(Date.now() - began).toBeLessThan(500);
    }
    silent.close();
  });
});
