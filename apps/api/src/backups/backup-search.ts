import type { Prisma } from '@holdfast/prisma';
import { z } from 'zod';
import type { BackupQuery } from './backup.dto.ts';
import type { BackupRow } from './backup.view.ts';

type SortField = 'takenAt' | 'name' | 'sizeBytes' | 'storedBytes';

/** A sort's field and direction. */
export function sortOf(sort: BackupQuery['sort']): { field: SortField; direction: 'asc' | 'desc' } {
  const descending = sort.startsWith('-');
  return { field: (descending ? sort.slice(1) : sort) as SortField, direction: descending ? 'desc' : 'asc' };
}

/** Where a page ended; the sort is part of it, so that a cursor is never used with another one. */
export const placeSchema = (sort: BackupQuery['sort']) =>
  z.strictObject({ sort: z.literal(sort), value: z.string().max(250), id: z.uuid() });
export type BackupPlace = { sort: string; value: string; id: string };

export function placeOf(row: BackupRow, sort: BackupQuery['sort']): BackupPlace {
  const value = row[sortOf(sort).field];
  return { sort, value: value instanceof Date ? value.toISOString() : String(value), id: row.id };
}

function typedValue(field: SortField, value: string): Date | string | bigint {
  if (field === 'name') return value;
  return field === 'takenAt' ? new Date(value) : BigInt(value);
}

/** Everything after the place where the last page ended; rows of one value are ordered by id. */
export function afterPlace(sort: BackupQuery['sort'], place: BackupPlace | null): Prisma.BackupWhereInput {
  if (place === null) return {};
  const { field, direction } = sortOf(sort);
  const value = typedValue(field, place.value);
  const beyond = direction === 'desc' ? 'lt' : 'gt';
  return { OR: [{ [field]: { [beyond]: value } }, { [field]: value, id: { [beyond]: place.id } }] };
}

/** The filters of a search. */
export const filtersOf = (query: BackupQuery): Prisma.BackupWhereInput[] => [
  ...(query.search === undefined
    ? []
    : [
        {
          OR: [
            { name: { contains: query.search, mode: 'insensitive' as const } },
            { description: { contains: query.search, mode: 'insensitive' as const } },
          ],
        },
      ]),
  ...(query.tags === undefined ? [] : [{ tags: { hasEvery: query.tags } }]),
  ...(query.components === undefined ? [] : [{ components: { hasEvery: query.components } }]),
  ...(query.takenAfter === undefined ? [] : [{ takenAt: { gte: new Date(query.takenAfter) } }]),
  ...(query.takenBefore === undefined ? [] : [{ takenAt: { lt: new Date(query.takenBefore) } }]),
  ...(query.minSize === undefined ? [] : [{ sizeBytes: { gte: BigInt(query.minSize) } }]),
  ...(query.maxSize === undefined ? [] : [{ sizeBytes: { lte: BigInt(query.maxSize) } }]),
  ...(query.kind === undefined ? [] : [{ kind: { in: query.kind } }]),
  ...(query.status === undefined ? [] : [{ status: { in: query.status } }]),
  ...(query.environmentId === undefined ? [] : [{ environmentId: query.environmentId }]),
  ...(query.repositoryId === undefined ? [] : [{ repositoryId: query.repositoryId }]),
];
