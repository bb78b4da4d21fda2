import type { OperationStatus } from '@holdfast/contracts';
import type { Operation, Prisma } from '@holdfast/prisma';
import { z } from 'zod';

/** What a socket asks to hear: one operation, what is of one environment, or all that it may. */
export const Watch = z
  .strictObject({
    environmentId: z.uuid().optional(),
    operationId: z.uuid().optional(),
    all: z.literal(true).optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    error: 'expected environmentId, operationId or all',
  });
export type Watch = z.output<typeof Watch>;

const environmentRoom = (id: string): string => `environment:${id}`;
const operationRoom = (id: string): string => `operation:${id}`;
/** For those who may see every environment, and what belongs to none. */
const EVERYTHING = 'everything';

const OPEN: OperationStatus[] = ['pending', 'running'];

/**
 * The rooms of a watch, and the operations whose state it is answered with. Who may see some environments only will get
 * the room of each of them for `all`.
 */
export function watched({ environmentId, operationId, all }: Watch): {
  rooms: string[];
  now: Prisma.OperationWhereInput[];
} {
  const status = { in: OPEN };
  return {
    rooms: [
      ...(operationId === undefined ? [] : [operationRoom(operationId)]),
      ...(environmentId === undefined ? [] : [environmentRoom(environmentId)]),
      ...(all ? [EVERYTHING] : []),
    ],
    now: [
      ...(operationId === undefined ? [] : [{ id: operationId }]),
      ...(environmentId === undefined ? [] : [{ environmentId, status }]),
      ...(all ? [{ status }] : []),
    ],
  };
}

/** Where a change of an operation is told. */
export const roomsOf = ({ id, environmentId }: Operation): string[] => [
  EVERYTHING,
  operationRoom(id),
  ...(environmentId === null ? [] : [environmentRoom(environmentId)]),
];
