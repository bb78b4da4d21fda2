import { readdirSync, readFileSync } from 'node:fs';
import { splitStatements } from './postgres/statements.ts';
import { readOutline } from './restore/outline.ts';
const names = [...new Set(readdirSync('/tmp/hf-sel').filter((f) => f.endsWith('.sql')).map((f) => f.replace(/-(pre|post)-data.sql$/, '')))];
const seen = new Map<string, string>();
for (const n of names) {
  const read = (s: string) => [...splitStatements(readFileSync(`/tmp/hf-sel/${n}-${s}.sql`, 'utf8'))];
  const o = readOutline(read('pre-data'), read('post-data'));
  for (const x of [...o.preData, ...o.postData]) {
    const s = x.subject;
    const k = `${x.statement.entry?.type ?? '-'} | ${s.of}${'type' in s ? ':' + s.type : ''} | ${s.of === 'relation' ? (o.relations.get('x') , [...o.relations.values()].some((r) => r.schema === s.schema && r.name === s.name)) : ''} ${x.creates}`;
    if (!seen.has(k)) seen.set(k, JSON.stringify({ ...s, fk: x.foreignKey, at: x.attaches, ai: x.attachesIndex, t: x.trigger, st: x.switchesTrigger, c: x.constraint }) + ' <- ' + x.statement.text.slice(0, 90).replace(/\n/g, '⏎'));
  }
  if (n.includes('partitions') || n.includes('inherit') || n.includes('keys')) console.log(n, [...o.parents], [...o.tableOf].slice(0, 8));
}
for (const [k, v] of [...seen].sort()) console.log(k, '\n      ', v);
