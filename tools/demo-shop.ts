// The tables of the demo project: a shop-and-booking product for outdoor rentals with 40 tenants, as an admin would meet it.
import type { PostgresTarget } from '@holdfast/engine/embedded';
import pg from 'pg';
import { rowStages } from './demo-shop-rows.ts';
import { FUNCTIONS, KEYS, VIEWS_AND_PROTECTION } from './demo-shop-rules.ts';
import { ROLES, TABLES } from './demo-shop-tables.ts';
import { DICE } from './demo-shop-words.ts';

/** Loading is faster when nobody waits for the disk: a demo that a crash takes away is made again. */
const SETTINGS = `
set synchronous_commit = off; set maintenance_work_mem = '256MB'; set work_mem = '64MB';
set default_statistics_target = 10; set timezone = 'UTC'; set search_path = public;`;

/**
 * Fills an empty database (as a superuser, who makes the roles) with the same rows every time; `scale` 1 gives over
 * 320,000. Answers how many tables (partitions not counted) and rows there are. Throws the server's error as it came.
 */
export async function fillShop(
  target: PostgresTarget,
  options: { scale?: number; onProgress?: (text: string) => void } = {},
): Promise<{ tables: number; rows: number }> {
  const { host, port, database, user, password } = target;
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  const stages = [
    { title: 'tables', sql: ROLES + TABLES },
    ...rowStages(options.scale ?? 1),
    { title: 'indexes and keys', sql: KEYS },
    { title: 'functions and triggers', sql: FUNCTIONS },
    { title: 'views, policies and grants', sql: VIEWS_AND_PROTECTION },
  ];
  try {
    await client.query(SETTINGS);
    await client.query(DICE);
    for (const { title, sql } of stages) {
      options.onProgress?.(title);
      await client.query(sql);
    }
    await client.query('analyze');
    return await countAll(client);
  } finally {
    await client.end();
  }
}

async function countAll(client: pg.Client): Promise<{ tables: number; rows: number }> {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition
       and n.nspname in ('public', 'app', 'billing', 'support', 'audit')`,
  );
  const counts = rows.map(({ name }) => `select count(*) as n from ${name}`).join(' union all ');
  const total = await client.query<{ rows: string }>(`select sum(n)::text as rows from (${counts}) counts`);
  return { tables: rows.length, rows: Number(total.rows[0]?.rows ?? 0) };
}
