import type { Prisma } from '@holdfast/prisma';
import { z } from 'zod';
import { contains } from '../database/contains.ts';
import type { OperationQuery } from './operation.dto.ts';

type Sort = OperationQuery['sort'];

/** Of the ids: they are UUIDs of version 7, so their order is that of creation. */
export const directionOf = (sort: Sort): 'asc' | 'desc' => (sort === 'createdAt' ? 'asc' : 'desc');

/** Where a page ended; the sort is part of it, so that a cursor is never used with the other one. */
export const placeSchema = (sort: Sort) => z.strictObject({ sort: z.literal(sort), id: z.uuid() });

/** Everything after the place where the last page ended. */
export const afterPlace = (sort: Sort, place: { id: string } | null): Prisma.OperationWhereInput =>
  place === null ? {} : { id: { [directionOf(sort) === 'asc' ? 'gt' : 'lt']: place.id } };

const searched = (text: string): Prisma.OperationWhereInput[] => [
  { environment: { name: contains(text) } },
  { actorName: contains(text) },
  { workflowId: contains(text) },
];

/** The filters of a search. */
export const filtersOf = (query: OperationQuery): Prisma.OperationWhereInput => ({
  ...(query.search === undefined ? {} : { OR: searched(query.search) }),
  ...(query.status === undefined ? {} : { status: { in: query.status } }),
  ...(query.kind === undefined ? {} : { kind: { in: query.kind } }),
  ...(query.environmentId === undefined ? {} : { environmentId: query.environmentId }),
  ...(query.backupId === undefined ? {} : { backupId: query.backupId }),
  createdAt: {
    ...(query.after === undefined ? {} : { gte: new Date(query.after) }),
    ...(query.before === undefined ? {} : { lt: new Date(query.before) }),
  },
});
