import { throwawayPostgres, connect, makeTempDir } from '@holdfast/testing';
import { corpus } from '@holdfast/testing/corpus';
import { randomUUID } from 'node:crypto';
import { attachRepository, backUp, defaultToolsDir, restore } from './index.ts';
const major = Number(process.argv[2] ?? 17);
const mode = process.argv[3] ?? 'schemas-new';
const only = process.argv[4];
const server = await throwawayPostgres(major);
const { repository } = await attachRepository(await makeTempDir('sel'));
const environment = { id: randomUUID(), name: 'corpus', kind: 'postgres' as const };
const run = { signal: new AbortController().signal };
for (const c of corpus) {
  if ((c.minMajor ?? 0) > major || (only && !c.name.match(only))) continue;
  const source = await server.createDatabase();
  const cl = await connect(source); await c.create(cl, major);
  const schemas = (await cl.query<{ n: string }>(`select nspname as n from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`)).rows.map((r) => r.n);
  await cl.end();
  const id = randomUUID();
  const backup = { id, name: c.name, description: '', tags: [], components: ['database' as const] };
  await backUp({ environment, source, repository, backup, toolsDir: defaultToolsDir(), lockTimeoutSeconds: 10, parallel: 2 }, run);
  const base = { repository, sourceEnvironmentId: environment.id, backupId: id, target: source, newDatabase: null as string | null, schemas: [] as string[], tables: [] as string[], content: 'all' as 'all'|'schema'|'data', dryRun: false, overwrite: false, parallel: 2 };
  const go = async (label: string, over: Partial<typeof base>) => {
    try {
      const r = await restore({ ...base, ...over, operationId: randomUUID() }, run);
      console.log(c.name, label, 'ok', r.tables, r.rows, JSON.stringify(r.gaps.filter((g) => !['role-passwords','tablespaces','foreign-rows'].includes(g.code)).map((g) => [g.code, g.subjects])), r.overwrittenCount);
    } catch (e) { console.log(c.name, label, 'FAILED', (e as any).code, (e as Error).message.slice(0, 400), (e as any).hint?.slice(0,200)); }
  };
  const name = () => `n${randomUUID().slice(0, 8)}`;
  if (mode === 'schemas-new') await go('schemas->new', { schemas, newDatabase: name() });
  if (mode === 'schemas-within') await go('schemas->within', { schemas, overwrite: true });
  if (mode === 'data') await go('data', { content: 'data', overwrite: true });
  if (mode === 'each') {
    const { readManifest } = await import('./manifest/manifest.ts');
    const m = await readManifest(repository, environment.id, id, run.signal);
    for (const t of m.artifacts.filter((a) => a.kind === 'table').slice(0,2)) await go(`table ${t.name}`, { tables: [t.name], newDatabase: name() });
  }
  if (mode === 'each-within') {
    const { readManifest } = await import('./manifest/manifest.ts');
    const m = await readManifest(repository, environment.id, id, run.signal);
    for (const t of m.artifacts.filter((a) => a.kind === 'table').slice(0,2)) await go(`table ${t.name}`, { tables: [t.name], overwrite: true });
  }
}
await server.stop();
