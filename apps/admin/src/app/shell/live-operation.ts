import { computed, effect, inject, untracked, type Signal } from '@angular/core';
import { isFinal } from '@holdfast/contracts';
import type { Problem } from '@holdfast/api-client';
import { apiResource, type Schemas } from '../ui/api.ts';
import { broughtUpTo } from '../ui/operation-now.ts';
import { problemIn } from '../ui/problem.ts';
import { Live } from './live.ts';

/** One operation as it is now. */
export interface LiveOperation {
  operation: Signal<Schemas['OperationDetail'] | undefined>;
  /** Why it could not be read. */
  problem: Signal<Problem | null>;
  ended: Signal<boolean>;
  reload(): void;
}

/**
 * One operation as it was read, brought up to date by what the socket tells, and read again where that is not enough: when
 * it turns (error, result and times are in no snapshot) and after the connection was away. For stores.
 */
export function liveOperation(id: () => string | undefined): LiveOperation {
  const live = inject(Live);
  const read = apiResource('/api/v1/progress/{id}', () => {
    const asked = id();
    return asked === undefined ? undefined : { path: { id: asked } };
  });
  const snapshot = live.snapshotOf(id);
  const found = computed(() => (read.hasValue() ? read.value() : undefined));
  const operation = computed(() => {
    const now = found();
    return now && broughtUpTo(now, snapshot());
  });
  const reload = (): void => void read.reload();

  effect(() => {
    const [news, known] = [snapshot(), found()];
    if (news && known && news.sequence > known.sequence && news.status !== known.status) untracked(reload);
  });
  effect(() => {
    if (live.reconnects() > 0) untracked(reload);
  });
  return {
    ...{ operation, reload },
    problem: computed(() => (operation() ? null : problemIn(read))),
    ended: computed(() => isFinal(operation()?.status ?? 'pending')),
  };
}
