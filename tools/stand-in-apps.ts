import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Stand-ins for the API and the worker, which the end-to-end specs run for real: here it is about processes.
const API = `
  import { appendFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  const server = createServer((request, response) => {
    appendFileSync(process.env.REQUESTS_FILE, request.method + ' ' + request.url + '\\n');
    request.resume();
    response.end(JSON.stringify({ id: 'id of ' + request.url, token: 'token' }));
  });
  server.listen(Number(process.env.HOLDFAST_API_PORT), () => console.log('{"level":30,"msg":"listening"}'));
  process.on('SIGTERM', () => process.exit(0));`;
const WORKER = `
  setInterval(() => {}, 1000);
  console.log('{"level":30,"msg":"polling"}');`;
const CREATE_OWNER = `
  import { readFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  if (process.argv.includes('--session')) {
    console.log('{"token":"token"}');
    process.exit();
  }
  const pg = createRequire(process.env.REQUIRE_FROM)('pg');
  const client = new pg.Client({ connectionString: readFileSync(process.env.DATABASE_URL_FILE, 'utf8') });
  await client.connect();
  await client.query("INSERT INTO accounts (id, email, name, password_hash, role, updated_at) VALUES (gen_random_uuid(), 'owner@example.org', 'O', '-', 'owner', now())");
  await client.end();
  console.log(JSON.stringify({ created: true, email: 'owner@example.org' }));`;

/**
 * Writes stand-ins for the built API, worker and `create-owner`, for specs of the stack; they need REQUIRE_FROM, a file
 * beside which `pg` is found, and REQUESTS_FILE, where the API notes what it is asked.
 */
export async function buildStandIns(dir: string): Promise<void> {
  await mkdir(join(dir, 'apps/api'), { recursive: true });
  await mkdir(join(dir, 'apps/worker'), { recursive: true });
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
  await writeFile(join(dir, 'apps/api/main.js'), API);
  await writeFile(join(dir, 'apps/api/create-owner.js'), CREATE_OWNER);
  await writeFile(join(dir, 'apps/worker/main.js'), WORKER);
}
