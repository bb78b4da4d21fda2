import { expect } from 'vitest';
import { Missed, type Hold } from './holds.ts';
import type { KillCase } from './kill-cases.ts';
import type { Customer, Place } from './places.ts';
import { ended, inStep, rowsOf, startBackup, startRestore, type Operation, type Product } from './product.ts';
import { spoil } from './shop-database.ts';
import { expectSame, expectSound } from './soundness.ts';

const HELD_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 60_000;
const ATTEMPTS = 3;

/** An operation that a kill met. */
export interface Met {
  case: KillCase;
  place: Place;
  operationId: string;
  /** When the kill was over. */
  killedAt: number;
}

export const nameOf = ({ kind, step, where }: KillCase): string => `${kind} in ${step}${where ? ` ${where}` : ''}`;

/** Starts an operation; what a restore is to replace is spoiled first. */
export async function start(
  api: Product['api'],
  { kind, newDatabase }: Pick<KillCase, 'kind' | 'newDatabase'>,
  place: Place,
): Promise<string> {
  if (newDatabase !== undefined) return startRestore(api, place.backupId, { newDatabase });
  if (kind === 'backup') return startBackup(api, place.environmentId);
  const intruder = await rowsOf(place.database, "SELECT FROM pg_tables WHERE tablename = 'intruder'");
  if (intruder.length === 0) await spoil(place.database);
  return startRestore(api, place.backupId);
}

/** Throws when a hold does not come about. */
export async function soon(promise: Promise<unknown>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`never held: ${what}`)), HELD_WITHIN_MS);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Starts an operation and brings it to where it is held; one that went past its hold is followed by another. */
async function bring(
  product: Product,
  place: Place,
  one: KillCase,
  attempt = 1,
): Promise<{ hold: Hold; operationId: string }> {
  const id = Promise.withResolvers<string>();
  const hold = await one.hold({ product, place, operationId: id.promise });
  try {
    const operationId = await start(product.api, one, place);
    id.resolve(operationId);
    await soon(hold.held, nameOf(one));
    if (!one.where) await inStep(product.api, operationId, one.step);
    return { hold, operationId };
  } catch (error) {
    // what waits for the id of an operation that never came waits no longer
    id.resolve('');
    await hold.release();
    if (!(error instanceof Missed) || attempt === ATTEMPTS) throw error;
    return bring(product, place, one, attempt + 1);
  }
}

/** Starts one operation a case, each at a place of its own, brings it to where it is held, does `kill`, and lets go. */
export async function runUntil(
  product: Product,
  places: Place[],
  wanted: KillCase[],
  kill: (holds: Hold[]) => Promise<unknown>,
): Promise<Met[]> {
  const holds: Hold[] = [];
  const met: Met[] = [];
  try {
    for (const [index, one] of wanted.entries()) {
      const place = places[index] as Place;
      const { hold, operationId } = await bring(product, place, one);
      holds.push(hold);
      met.push({ case: one, place, operationId, killedAt: 0 });
    }
    await kill(holds);
    for (const one of met) one.killedAt = Date.now();
  } finally {
    await Promise.all(holds.map((hold) => hold.release()));
  }
  return met;
}

/** Waits for all to end, and expects every target to hold all of its old or all of its new content. */
export async function endings(product: Product, customer: Customer, met: Met[]): Promise<Operation[]> {
  const operations = await Promise.all(met.map(({ operationId }) => ended(product.api, operationId)));
  for (const [index, { status, kind }] of operations.entries()) {
    const { case: one, place } = met[index] as Met;
    if (kind !== 'restore') continue;
    const { database, original } = place;
    if (one.newDatabase) await expectSame(original, { ...database, database: one.newDatabase });
    else await expectSame(status === 'completed' ? original : customer.spoiled, database);
  }
  return operations;
}

/** How many times an operation's engine was begun again. */
async function retriesOf({ api }: Product, id: string): Promise<number> {
  const { data } = await api.GET('/api/v1/progress/{id}/events', { params: { path: { id }, query: { limit: 100 } } });
  return data?.items.filter(({ type }) => type === 'retry').length ?? 0;
}

/** Each operation's engine was at work when it was killed, so that another attempt followed. */
export async function expectRetried(product: Product, met: Met[]): Promise<void> {
  const told = await Promise.all(
    met.map(async (one) => [nameOf(one.case), (await retriesOf(product, one.operationId)) > 0]),
  );
  expect(told).toEqual(met.map((one) => [nameOf(one.case), true]));
}

/** All complete within a minute, and nothing is left of the kill. */
export async function expectCompleted(product: Product, customer: Customer, met: Met[]): Promise<void> {
  const operations = await endings(product, customer, met);
  const told = operations.map(({ status, error }, index) => {
    return [nameOf((met[index] as Met).case), status, error?.message ?? null];
  });
  expect(told).toEqual(met.map(({ case: one }) => [nameOf(one), 'completed', null]));
  for (const [index, { finishedAt }] of operations.entries()) {
    expect(Date.parse(finishedAt ?? '') - (met[index] as Met).killedAt).toBeLessThan(ENDS_WITHIN_MS);
  }
  await expectSound(product, [customer.server.target]);
}
