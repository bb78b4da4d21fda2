import type pg from 'pg';
import type { TableArtifact } from '../manifest/manifest.ts';
import { readForeignKeys, targetKey, type TargetTable } from './target-tables.ts';

/** Child -> parents among the tables. */
async function readParents(client: pg.Client, oids: string[]): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ child: string; parent: string }>(
    `SELECT inhrelid::text AS child, inhparent::text AS parent FROM pg_catalog.pg_inherits
     WHERE inhrelid = ANY ($1::oid[])`,
    [oids],
  );
  const parents = new Map<string, string[]>();
  for (const { child, parent } of rows) parents.set(child, [...(parents.get(child) ?? []), parent]);
  return parents;
}

/**
 * The order in which tables can be loaded while foreign keys are checked: what is referred to comes first. Deferrable
 * keys can wait and do not count, nor does a table that refers to itself. `cycle` names the tables for which there is no
 * order.
 */
export async function loadOrder(
  client: pg.Client,
  artifacts: TableArtifact[],
  targets: TargetTable[],
): Promise<{ order: TableArtifact[]; cycle: string[] }> {
  const oids = targets.map(({ oid }) => oid);
  const oidOf = new Map(targets.map((table) => [targetKey(table), table.oid]));
  const parents = await readParents(client, oids);
  // a partition's rows are its parent's too, wherever a key points
  const lineOf = (oid: string): string[] => [oid, ...(parents.get(oid) ?? []).flatMap(lineOf)];
  const lines = new Map(artifacts.map((table) => [table, new Set(lineOf(oidOf.get(table.name) ?? ''))]));
  const keys = (await readForeignKeys(client, oids)).filter(({ deferrable }) => !deferrable);
  const needs = (table: TableArtifact): TableArtifact[] => {
    const line = lines.get(table);
    const referenced = keys.filter(({ tableOid }) => line?.has(tableOid)).map(({ referencesOid }) => referencesOid);
    return artifacts.filter((other) => other !== table && referenced.some((oid) => lines.get(other)?.has(oid)));
  };
  const waiting = new Map(artifacts.map((table) => [table, new Set(needs(table))]));
  const order: TableArtifact[] = [];
  for (let ready: TableArtifact[] = []; ; order.push(...ready)) {
    ready = [...waiting].filter(([, before]) => before.size === 0).map(([table]) => table);
    if (ready.length === 0) break;
    for (const table of ready) waiting.delete(table);
    for (const before of waiting.values()) ready.forEach((table) => before.delete(table));
  }
  return { order, cycle: [...waiting.keys()].map(({ name }) => name) };
}
