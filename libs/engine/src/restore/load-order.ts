import type pg from 'pg';
import type { TableArtifact } from '../manifest/manifest.ts';
import { readForeignKeys, readParents, targetKey, type TargetTable } from './target-tables.ts';

/**
 * The order in which tables can be loaded while foreign keys are checked: what is referred to comes first. Deferrable
 * keys can wait and do not count, nor does a table that refers to itself. `cycle` names the tables for which there is no
 * order, by name: a backup lists its tables as they happened to be read.
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
  return { order, cycle: [...waiting.keys()].map(({ name }) => name).sort() };
}
