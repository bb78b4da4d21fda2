import { computed, DestroyRef, effect, inject, Injectable, linkedSignal, signal, untracked } from '@angular/core';
import { isFinal, type ProgressSnapshot, type VerifyLevel } from '@holdfast/contracts';
import { Live } from '../shell/live.ts';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { broughtUpTo, hasEnded } from '../ui/operation-now.ts';
import { problemIn, problemOf } from '../ui/problem.ts';

type Operation = Schemas['Operation'];

const PAGE_SIZE = 50;
/** Operations that turn together are read together. */
const GATHER_MS = 300;

/** One backup, and the operations that made it, proved it or gave it back, as they happen. */
@Injectable()
export class BackupStore {
  private readonly api = inject(Api);
  private readonly id = signal<string | undefined>(undefined);
  private readonly read = apiResource('/api/v1/backup/{id}', () => {
    const id = this.id();
    return id === undefined ? undefined : { path: { id } };
  });
  /** The newest that was read or written; it stays in sight when the backup goes away. */
  private readonly known = signal<Schemas['BackupDetail'] | null>(null);
  /** Operations and their states that the list was read again for: each once. */
  private readonly missed = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | null = null;

  private readonly found = computed(() => (this.known()?.id === this.id() ? this.known() : null));
  readonly problem = computed(() => problemIn(this.read));
  readonly environment = apiResource('/api/v1/environments/{id}', () => {
    const id = this.found()?.environmentId;
    return id ? { path: { id } } : undefined;
  });
  readonly operations = cursorList<Operation>(() => {
    const backupId = this.id();
    return (cursor, signal) => {
      if (backupId === undefined) return Promise.resolve({ items: [], nextCursor: null });
      const query = { backupId, limit: PAGE_SIZE, ...(cursor !== null && { cursor }) };
      return this.api.get('/api/v1/progress', { query }, { signal });
    };
  });
  /** What goes on with it now. */
  readonly running = computed(() => this.operations.items().filter(({ status }) => !isFinal(status)));

  private readonly operationsTold = linkedSignal<{ id: string | undefined; waits: boolean }, boolean>({
    source: () => ({ id: this.id(), waits: this.operations.state() === 'loading' }),
    computation: ({ id, waits }, before) => !waits || (before?.source.id === id && before?.value === true),
  });
  /** The backup, once it is told what goes on with it, too: that stands above, and would push down what is shown. */
  readonly backup = computed(() => (this.operationsTold() ? this.found() : null));
  /** Whether it was there and has been removed. */
  readonly gone = computed(() => {
    const error = this.read.error();
    return this.backup() !== null && error !== undefined && problemOf(error).status === 404;
  });

  constructor() {
    const live = inject(Live);
    effect(() => {
      const read = this.read.hasValue() ? this.read.value() : null;
      if (read) untracked(() => this.learn(read));
    });
    // All of them: a restore runs in the environment that receives it.
    live.watch(
      () => ({ all: true }),
      (snapshot) => this.hear(snapshot),
    );
    effect(() => {
      if (live.reconnects() > 0) untracked(() => this.reload());
    });
    inject(DestroyRef).onDestroy(() => clearTimeout(this.gathering ?? undefined));
  }

  /** Shows this backup from now on. */
  open(id: string): void {
    this.id.set(id);
  }

  reload(): void {
    this.read.reload();
    void this.operations.refresh();
  }

  /** Takes over what was read, or what a change answered; a read that began before a change may end after it. */
  learn(backup: Schemas['BackupDetail']): void {
    this.known.update((known) => (known?.id === backup.id && known.version > backup.version ? known : backup));
  }

  verify(level: VerifyLevel, idempotencyKey: string): Promise<Schemas['OperationStarted']> {
    const call = { path: { id: this.id() ?? '' }, body: { level } };
    return this.api.send('post', '/api/v1/backup/{id}/validate', call, { idempotencyKey });
  }

  remove(idempotencyKey: string): Promise<Schemas['OperationStarted']> {
    return this.api.send('delete', '/api/v1/backup/{id}', { path: { id: this.id() ?? '' } }, { idempotencyKey });
  }

  private hear(snapshot: ProgressSnapshot): void {
    const { operationId, kind, status } = snapshot;
    const known = this.operations.patch(operationId, (operation) => {
      // Errors and results are not part of a snapshot, nor is what it has done to the backup.
      if (hasEnded(operation, snapshot)) this.gather();
      return broughtUpTo(operation, snapshot);
    });
    const turn = `${operationId} ${status}`;
    if (known || kind === 'backup' || this.missed.has(turn)) return;
    this.missed.add(turn);
    this.gather();
  }

  private gather(): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = null;
      this.reload();
    }, GATHER_MS);
  }
}
