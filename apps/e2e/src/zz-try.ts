import { throwawayPostgres } from '@holdfast/testing';
import { lock, occupy } from './holds.ts';
import { setTimeout as sleep } from 'node:timers/promises';
const s = await throwawayPostgres(17);
const a = await s.createDatabase('a');
async function tryIt(label: string) {
  const c = await s.client();
  const t = performance.now();
  const p = c.query('CREATE DATABASE x TEMPLATE template0').then(() => console.log(label, 'created', performance.now() - t));
  await Promise.race([p, sleep(3000)]);
  const m = await s.client();
  console.log((await m.query("select pid, state, wait_event_type, wait_event, query from pg_stat_activity where query like 'CREATE%'")).rows);
  await p; await c.query('DROP DATABASE x');
}
await tryIt('plain');
const l = await lock(s.target, 'pg_catalog.pg_subscription');
await Promise.race([tryIt('subscription'), sleep(5000)]);
await l.release();
await sleep(1000);
const o = await occupy(a);
await Promise.race([tryIt('occupied'), sleep(8000)]);
await o.release();
await sleep(2000);
await s.stop();
