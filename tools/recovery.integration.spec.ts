import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { attachRepository, backUp, compareCatalogs, findClient, readCatalog, type Repository } from '@holdfast/engine';
import { connect, makeTempDir, throwawayPostgres, toolsDir, type ThrowawayPostgres } from '@holdfast/testing';
import { corpus } from '@holdfast/testing/corpus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const environment = { id: randomUUID(), name: 'recovery', kind: 'postgres' as const };
type Target = ThrowawayPostgres['target'];

/** Databases that need every line of the script; the engine's own specs go through the whole corpus. */
const CHOSEN = [
  ...['empty_database', 'text_traps', 'hostile_names', 'keys_and_sequences', 'partitions', 'odd_tables'],
  ...['extensions', 'large_objects', 'comments_and_settings', 'row_security', 'publications'],
];

/** The `zstd` program, for machines that lack it: what recovery.md asks of it and no more. */
const ZSTD = `#!${process.execPath}
process.stdin.pipe(require('node:zlib').createZstdDecompress()).pipe(process.stdout);
`;

let server: ThrowawayPostgres;
let repository: Repository;
let directory: string;
let binDir: string;

beforeAll(async () => {
  server = await throwawayPostgres(17, { settings: { wal_level: 'logical' } });
  directory = await makeTempDir('recovery');
  repository = (await attachRepository(join(directory, 'repository'))).repository;
  const [script = ''] =
    /(?<=```python\n)[\s\S]*?(?=```)/.exec(await readFile(join(root, 'docs/recovery.md'), 'utf8')) ?? [];
  await writeFile(join(directory, 'recover.py'), script);
  await mkdir(join(directory, 'bin'));
  await writeFile(join(directory, 'bin', 'zstd'), ZSTD);
  await chmod(join(directory, 'bin', 'zstd'), 0o755);
  binDir = (await findClient(toolsDir(), 17))?.binDir ?? '';
});

afterAll(() => server.stop());

async function takeBackup(source: Target): Promise<string> {
  const id = randomUUID();
  const backup = { id, name: source.database, description: '', tags: [], components: ['database' as const] };
  await backUp(
    { environment, source, repository, backup, toolsDir: toolsDir(), lockTimeoutSeconds: 10, parallel: 2 },
    { signal: new AbortController().signal },
  );
  return join(directory, 'repository/backups', environment.id, id, 'manifest.json');
}

/** Runs the commands of recovery.md as a shell would; answers exit code and what was said. */
async function recover(manifest: string, into: Target): Promise<{ code: number | null; said: string }> {
  const { host, port, user, password, database } = into;
  const pipeline =
    'set -o pipefail; python3 recover.py "$MANIFEST" | ' +
    'psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$PGDATABASE"';
  const child = spawn('bash', ['-c', pipeline], {
    cwd: directory,
    env: {
      // The machine's own zstd comes first.
      PATH: [binDir, '/usr/local/bin', '/usr/bin', '/bin', join(directory, 'bin')].join(delimiter),
      ...{ MANIFEST: manifest, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
      PGDATABASE: database,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

/** Each table with the number and a sum of hashes of its rows; a partitioned one as a whole, because it spreads them anew. */
async function rowsOf(client: Awaited<ReturnType<typeof connect>>): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || format('%I.%I', n.nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of rows) {
    const sum = await client.query<{ figures: string }>(
      `SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS figures FROM ${name} t`,
    );
    found[name] = sum.rows[0]?.figures ?? '';
  }
  return found;
}

describe('docs/recovery.md', () => {
  it.each(CHOSEN)(
    'gives back %s with python3, zstd and psql',
    async (name) => {
      const create = corpus.find((database) => database.name === name)?.create;
      if (!create) throw new Error(`the corpus has no ${name}`);
      const source = await server.createDatabase(`corpus ${name}`);
      const builder = await connect(source);
      await create(builder, 17);
      await builder.end();
      const restored = await server.createDatabase(`recovered ${name}`);
      expect(await recover(await takeBackup(source), restored)).toEqual({ code: 0, said: '' });
      const [before, after] = [await connect(source), await connect(restored)];
      try {
        expect(compareCatalogs(await readCatalog(before, {}), await readCatalog(after, {}))).toEqual([]);
        expect(await rowsOf(after)).toEqual(await rowsOf(before));
      } finally {
        await Promise.all([before.end(), after.end()]);
      }
    },
    60_000,
  );

  it('names the artifact that is damaged', async () => {
    const source = await server.createDatabase();
    const client = await connect(source);
    await client.query('CREATE TABLE letters AS SELECT n, md5(n::text) FROM generate_series(1, 20000) n');
    await client.end();
    const manifest = await takeBackup(source);
    const { chunks, artifacts } = (JSON.parse(await readFile(manifest, 'utf8')) as { manifest: ManifestOfInterest })
      .manifest;
    const table = artifacts.find(({ kind }) => kind === 'table');
    const id = chunks[table?.pieces[0]?.chunk ?? -1]?.id ?? '';
    const file = join(directory, 'repository/chunks/plain', id.slice(0, 2), id);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const { code, said } = await recover(manifest, await server.createDatabase());
    expect(code).not.toBe(0);
    expect(said).toContain('public.letters is damaged');
  });

  it('leaves the repository as it was', async () => {
    expect((await readdir(join(directory, 'repository'))).sort()).toEqual(['backups', 'chunks', 'holdfast.json']);
  });
});

/** All field names in a JSON value. */
function fieldsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...fieldsOf(inner)]);
}

describe('docs/format.md', () => {
  it('describes every field of a manifest and of the descriptor', async () => {
    await takeBackup(await server.createDatabase());
    const place = join(directory, 'repository');
    const manifests = (await readdir(join(place, 'backups'), { recursive: true })).filter((name) =>
      name.endsWith('.json'),
    );
    const files = ['holdfast.json', ...manifests.map((name) => join('backups', name))];
    const values = await Promise.all(
      files.map(async (file) => JSON.parse(await readFile(join(place, file), 'utf8')) as unknown),
    );
    const text = await readFile(join(root, 'docs/format.md'), 'utf8');
    const missing = new Set(values.flatMap(fieldsOf).filter((name) => !text.includes(`\`${name}\``)));
    expect([...missing]).toEqual([]);
  });
});

interface ManifestOfInterest {
  chunks: { id: string }[];
  artifacts: { kind: string; pieces: { chunk: number }[] }[];
}
