import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type RunningApi } from '../api-under-test.ts';

const PAGE = '<hf-app ngCspNonce="holdfast-style-nonce"></hf-app><link nonce="holdfast-style-nonce" />';
const SCRIPT = 'export const sample = "a script of the console";\n'.repeat(20);
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let above: string;
let api: RunningApi;

beforeAll(async () => {
  above = mkdtempSync(join(tmpdir(), 'hf-console-'));
  const directory = join(above, 'browser');
  mkdirSync(directory);
  writeFileSync(join(above, 'secret.txt'), 'not of the console');
  writeFileSync(join(directory, 'index.html'), PAGE);
  writeFileSync(join(directory, 'main-ABCD1234.js'), SCRIPT);
  writeFileSync(join(directory, 'main-ABCD1234.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(directory, 'main-ABCD1234.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(directory, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  // No database: the console needs none.
  api = await startApi({
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    HOLDFAST_CONSOLE_DIRECTORY: directory,
  });
});
afterAll(async () => {
  await api?.stop();
  rmSync(above, { recursive: true, force: true });
});

/** As it stands in the request line: fetch would tidy the path up. */
const askRaw = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; encoding: string | undefined; text: string }>((done, fail) => {
    const { hostname, port } = new URL(api.url);
    request({ hostname, port, path, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const encoding = answer.headers['content-encoding'];
        done({ status: answer.statusCode ?? 0, encoding, text: Buffer.concat(pieces).toString() });
      });
    })
      .on('error', fail)
      .end();
  });

const policyOf = async (path: string): Promise<string> =>
  (await api.ask('GET', path, { headers: HTML })).headers.get('content-security-policy') ?? '';

describe('a page of the console', () => {
  it('is index.html at every address outside /api, and is never kept', async () => {
    for (const path of ['/', '/index.html', '/operations', '/operations/0199b2a4?tab=events', '/a.b/c']) {
      const { status, headers, body } = await api.ask('GET', path, { headers: HTML });
      expect([path, status, body.includes('<hf-app')]).toEqual([path, 200, true]);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-store');
    }
    expect(await api.ask('HEAD', '/operations', { headers: HTML })).toMatchObject({ status: 200, body: '' });
  });

  it('lets no inline script run, and the style elements of this one answer only', async () => {
    const nonces = new Set<string>();
    for (let times = 0; times < 2; times += 1) {
      const { headers, body } = await api.ask('GET', '/', { headers: HTML });
      const policy = headers.get('content-security-policy') ?? '';
      const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
      expect(body).toBe(PAGE.replaceAll('holdfast-style-nonce', nonce));
      expect(policy).toMatch(/script-src 'self';/);
      expect(policy).toMatch(/frame-ancestors 'none';/);
      expect(policy).not.toContain('unsafe');
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(2);
  });

  it('is not what an unknown address below /api answers, nor another method', async () => {
    expect(await api.ask('GET', '/api/nothing', { headers: HTML })).toMatchObject({
      status: 404,
      body: { code: 'resource.not_found' },
    });
    expect(await api.ask('GET', '/api', { headers: HTML })).toMatchObject({ status: 404 });
    expect(await api.ask('POST', '/operations', { headers: HTML })).toMatchObject({ status: 404 });
  });
});

describe('a file of the console', () => {
  it('is kept for ever where its name holds a hash of its content, else asked for again', async () => {
    const script = await api.ask('GET', '/main-ABCD1234.js');
    expect(script).toMatchObject({ status: 200, body: SCRIPT });
    expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const icon = await api.ask('GET', '/favicon.svg');
    expect(icon.headers.get('cache-control')).toBe('no-cache');
    const etag = icon.headers.get('etag') ?? '';
    expect((await api.ask('GET', '/favicon.svg', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it('comes compressed as the build left it', async () => {
    expect((await askRaw('/main-ABCD1234.js', { 'accept-encoding': 'gzip, deflate, br' })).encoding).toBe('br');
    expect((await askRaw('/main-ABCD1234.js', { 'accept-encoding': 'gzip' })).encoding).toBe('gzip');
    expect((await askRaw('/main-ABCD1234.js')).encoding).toBeUndefined();
    const { headers } = await api.ask('GET', '/main-ABCD1234.js');
    expect(headers.get('vary')).toContain('Accept-Encoding');
  });

  it('that does not exist is not answered with a page', async () => {
    const { status, body } = await api.ask('GET', '/chunk-GONE5678.js');
    expect([status, body.includes('<hf-app')]).toEqual([404, false]);
  });

  it('is never one outside its directory', async () => {
    const paths = [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/..%5csecret.txt',
      '/x/../../secret.txt',
    ];
    for (const path of [...paths, '//etc/passwd', '/%2fetc/passwd', '/%', '/%00']) {
      const { status, text } = await askRaw(path);
      expect([path, status, /not of the console|root:/.test(text)]).toEqual([path, 404, false]);
      expect((await askRaw(path, HTML)).text).not.toMatch(/not of the console|root:/);
    }
  });
});

describe('the policy of other answers', () => {
  it('lets Swagger UI have its own styles, and nothing else', async () => {
    expect(await policyOf('/api/docs')).toMatch(/script-src 'self';.*style-src 'self' 'unsafe-inline'/);
    expect(await policyOf('/api/docsx')).not.toContain('unsafe');
    expect(await policyOf('/api/health/live')).not.toContain('unsafe');
  });
});

describe('without a built console', () => {
  it('the API says so, and works', async () => {
    const bare = await startApi({
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
      HOLDFAST_CONSOLE_DIRECTORY: join(above, 'nothing'),
    });
    try {
      const { status, headers, body } = await bare.ask('GET', '/', { headers: HTML });
      expect([status, headers.get('content-type')]).toEqual([404, 'text/plain; charset=utf-8']);
      expect(body).toContain('The console is not built');
      expect((await bare.ask('GET', '/api/health/live')).status).toBe(200);
    } finally {
      await bare.stop();
    }
  });
});
