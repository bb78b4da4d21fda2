import { throwawayPostgres, connect } from '@holdfast/testing';
import { corpus } from '@holdfast/testing/corpus';
import { defaultToolsDir, findClient } from './index.ts';
import { dumpSection } from './postgres/pg-dump.ts';
import { openSnapshot } from './postgres/snapshot.ts';
import { splitStatements } from './postgres/statements.ts';
import { writeFileSync } from 'node:fs';
const major = Number(process.argv[2] ?? 17);
const server = await throwawayPostgres(major);
const signal = new AbortController().signal;
const { binDir } = (await findClient(defaultToolsDir(), major))!;
const heads = new Map<string, Map<string, string>>();
for (const c of corpus) {
  if ((c.minMajor ?? 0) > major || c.name==='many_tables') continue;
  const t = await server.createDatabase();
  const cl = await connect(t); await c.create(cl, major); await cl.end();
  const snap = await openSnapshot(t, { signal, lockTimeoutSeconds: 5, clientEncoding: 'UTF8', excludeSchemas: [] });
  for (const section of ['pre-data','post-data'] as const) {
    let text = '';
    for await (const p of dumpSection({ binDir, target: t, section, snapshot: snap.name, lockTimeoutSeconds: 5, excludeSchemas: [], signal })) text += p.toString();
    writeFileSync(`/tmp/hf-sel/${major}-${c.name}-${section}.sql`, text);
    for (const s of splitStatements(text)) {
      const type = `${section} ${s.entry?.type ?? '-'} ${s.entry?.schema ? 'S' : '-'}`;
      const shape = s.text.slice(0, 400).replace(/"(?:[^"]|"")*"/g, 'Q').replace(/'(?:[^']|'')*'/g, 'L').replace(/\s+/g,' ').slice(0, 70);
      const m = heads.get(type) ?? new Map(); heads.set(type, m);
      const key = shape.replace(/Q/g,'Q').split(' ').slice(0,6).join(' ');
      if (!m.has(key)) m.set(key, `${JSON.stringify(s.entry?.name)} :: ${s.text.slice(0,160).replace(/\n/g,'⏎')}`);
    }
  }
  await snap.close();
}
for (const [t, m] of [...heads].sort()) { console.log('##', t); for (const [k, v] of m) console.log('   ', k, '\n        ', v); }
await server.stop();
