import { effect, inject, Injectable, signal, untracked } from '@angular/core';
import { liveOperation } from '../shell/live-operation.ts';
import { Live } from '../shell/live.ts';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cancelOperation } from '../ui/cancel-operation.ts';
import { Toasts } from '../ui/toasts.ts';
import { EventLog } from './event-log.ts';

/** The log is asked for at most this often while its operation moves. */
const LOG_EVERY_MS = 2_000;

/** One operation and its log. */
@Injectable()
export class OperationStore {
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  private readonly toasts = inject(Toasts);
  private readonly id = signal<string | undefined>(undefined);
  private readonly shown = liveOperation(this.id);
  private logReadAt = -Infinity;

  readonly operation = this.shown.operation;
  readonly problem = this.shown.problem;
  readonly ended = this.shown.ended;
  readonly environment = apiResource('/api/v1/environments/{id}', () => {
    const id = this.operation()?.environmentId;
    return id ? { path: { id } } : undefined;
  });
  readonly log = new EventLog((cursor) => {
    const id = this.id() ?? '';
    const query = { limit: 200, ...(cursor !== null && { cursor }) };
    return this.api.get('/api/v1/progress/{id}/events', { path: { id }, query });
  });

  constructor() {
    effect(() => {
      if (this.live.reconnects() > 0) untracked(() => this.readLog(true));
    });
    effect(() => {
      const operation = this.operation();
      if (operation) untracked(() => this.readLog(operation.status !== 'running'));
    });
    // The log hears of an attempt first.
    effect(() => {
      const told = this.log.retries().length;
      if (told > untracked(() => this.operation()?.attempts.length ?? told)) untracked(() => this.shown.reload());
    });
  }

  /** Shows this operation from now on. */
  open(id: string): void {
    if (this.id() === id) return;
    this.id.set(id);
    this.log.clear();
    this.logReadAt = -Infinity;
  }

  reload(): void {
    this.shown.reload();
    this.readLog(true);
  }

  /** Asks it to stop. */
  async cancel(): Promise<void> {
    await cancelOperation(this.api, this.toasts, this.id() ?? '');
    this.reload();
  }

  /** Asks for the same again, as a new operation; `confirm` is the target's name, where it has to be typed. */
  retry(confirm: string | null, idempotencyKey: string): Promise<Schemas['OperationStarted']> {
    const call = { path: { id: this.id() ?? '' }, body: { confirm } };
    return this.api.send('post', '/api/v1/progress/{id}/retry', call, { idempotencyKey });
  }

  private readLog(now: boolean): void {
    if (!now && Date.now() - this.logReadAt < LOG_EVERY_MS) return;
    this.logReadAt = Date.now();
    void this.log.readOn();
  }
}
