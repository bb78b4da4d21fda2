import type { Prisma } from '@holdfast/prisma';

/** A plain object of our contracts as Prisma wants JSON; interfaces lack the index signature that its type asks for. */
export const asJson = (value: object): Prisma.InputJsonObject => value as Prisma.InputJsonObject;
