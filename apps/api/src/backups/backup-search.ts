import { Prisma } from '@holdfast/prisma';
import { z } from 'zod';
import { IS_PROOF } from './backup-proof.ts';
import type { BackupQuery } from './backup.dto.ts';
import type { BackupRow } from './backup.view.ts';

type SortField = 'takenAt' | 'name' | 'sizeBytes' | 'storedBytes';

/** The column of each sort, and how its values are written in a statement. */
const COLUMNS: Record<SortField, { name: Prisma.Sql; type: Prisma.Sql }> = {
  takenAt: { name: Prisma.sql`"taken_at"`, type: Prisma.sql`timestamptz` },
  name: { name: Prisma.sql`"name"`, type: Prisma.sql`text` },
  sizeBytes: { name: Prisma.sql`"size_bytes"`, type: Prisma.sql`bigint` },
  storedBytes: { name: Prisma.sql`"stored_bytes"`, type: Prisma.sql`bigint` },
};

/** A sort's field and direction. */
function sortOf(sort: BackupQuery['sort']): { field: SortField; descending: boolean } {
  const descending = sort.startsWith('-');
  return { field: (descending ? sort.slice(1) : sort) as SortField, descending };
}

const VALUES: Record<SortField, z.ZodType<string>> = {
  takenAt: z.iso.datetime(),
  name: z.string().max(250),
  sizeBytes: z.string().regex(/^\d{1,18}$/),
  storedBytes: z.string().regex(/^\d{1,18}$/),
};

/** Where a page ended; the sort is part of it, so that a cursor is never used with another one. */
export const placeSchema = (sort: BackupQuery['sort']) =>
  z.strictObject({ sort: z.literal(sort), value: VALUES[sortOf(sort).field], id: z.uuid() });
type BackupPlace = { sort: string; value: string; id: string };

export function placeOf(row: BackupRow, sort: BackupQuery['sort']): BackupPlace {
  const value = row[sortOf(sort).field];
  return { sort, value: value instanceof Date ? value.toISOString() : String(value), id: row.id };
}

/** Everything after the place where the last page ended; rows of one value are ordered by id. */
function afterPlace(sort: BackupQuery['sort'], place: BackupPlace): Prisma.Sql {
  const { field, descending } = sortOf(sort);
  const { name, type } = COLUMNS[field];
  const beyond = descending ? Prisma.sql`<` : Prisma.sql`>`;
  return Prisma.sql`(${name}, "id") ${beyond} (${place.value}::${type}, ${place.id}::uuid)`;
}

// By position and not by LIKE: nothing in a word is a wildcard. Tags are one text, a line each: no word goes over two.
const holds = (word: string): Prisma.Sql => Prisma.sql`(
  strpos(lower("name"), lower(${word})) > 0 OR strpos(lower("description"), lower(${word})) > 0
  OR strpos(lower(array_to_string("tags", E'\n')), lower(${word})) > 0
  OR "environment_id" IN (SELECT e."id" FROM "environments" e WHERE strpos(lower(e."name"), lower(${word})) > 0))`;

/** The filters of a search, as conditions on rows of `backups`. */
function filtersOf(query: BackupQuery): Prisma.Sql[] {
  const when = <T>(given: T | undefined, condition: (value: T) => Prisma.Sql): Prisma.Sql[] =>
    given === undefined ? [] : [condition(given)];
  return [
    ...(query.search ?? []).map(holds),
    ...when(query.tags, (tags) => Prisma.sql`"tags" @> ${tags}::text[]`),
    ...when(query.components, (components) => Prisma.sql`"components" @> ${components}::text[]`),
    ...when(query.takenAfter, (at) => Prisma.sql`"taken_at" >= ${at}::timestamptz`),
    ...when(query.takenBefore, (at) => Prisma.sql`"taken_at" < ${at}::timestamptz`),
    ...when(query.minSize, (bytes) => Prisma.sql`"size_bytes" >= ${bytes}::bigint`),
    ...when(query.maxSize, (bytes) => Prisma.sql`"size_bytes" <= ${bytes}::bigint`),
    ...when(query.kind, (kinds) => Prisma.sql`"kind" = ANY (${kinds}::text[])`),
    ...when(query.status, (statuses) => Prisma.sql`"status"::text = ANY (${statuses}::text[])`),
    ...when(
      query.proof,
      (proofs) =>
        Prisma.sql`(${Prisma.join(
          proofs.map((proof) => IS_PROOF[proof]),
          ' OR ',
        )})`,
    ),
    ...when(query.environmentId, (id) => Prisma.sql`"environment_id" = ${id}::uuid`),
    ...when(query.repositoryId, (id) => Prisma.sql`"repository_id" = ${id}::uuid`),
  ];
}

/** Finds the ids of a page and of one backup more, in order. Prisma's own filters cannot look into a list's texts. */
export function searchSql(query: BackupQuery, from: BackupPlace | null): Prisma.Sql {
  const { field, descending } = sortOf(query.sort);
  const { name } = COLUMNS[field];
  const direction = descending ? Prisma.sql`DESC` : Prisma.sql`ASC`;
  const conditions = [...filtersOf(query), ...(from === null ? [] : [afterPlace(query.sort, from)])];
  return Prisma.sql`SELECT "id"::text FROM "backups"
    WHERE ${Prisma.join([Prisma.sql`true`, ...conditions], ' AND ')}
    ORDER BY ${name} ${direction}, "backups"."id" ${direction} LIMIT ${query.limit + 1}`;
}
