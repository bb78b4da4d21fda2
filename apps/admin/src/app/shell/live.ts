import { computed, DestroyRef, effect, inject, Injectable, signal, untracked, type Signal } from '@angular/core';
import { PROGRESS_EVENT, type ProgressSnapshot } from '@holdfast/contracts';
import type { Socket } from 'socket.io-client';
import { Session } from '../ui/session.ts';
import { Watch, type Room } from './watch.ts';

/** `off`: nobody is signed in. `offline`: this browser has no network. */
export type LiveState = 'off' | 'connecting' | 'live' | 'reconnecting' | 'offline';

type WatchAnswer = { ok: true; snapshots: ProgressSnapshot[] } | { ok: false };

/** The one socket of the console: progress as it happens, and whether it still comes. */
@Injectable({ providedIn: 'root' })
export class Live {
  private readonly session = inject(Session);
  private readonly watches = new Set<Watch>();
  private readonly network = signal(navigator.onLine);
  private readonly connection = signal<'off' | 'connecting' | 'live' | 'reconnecting'>('off');
  private readonly returns = signal(0);
  private socket: Socket | null = null;

  readonly state = computed<LiveState>(() => {
    const connection = this.connection();
    return connection !== 'off' && connection !== 'live' && !this.network() ? 'offline' : connection;
  });
  /** Grows with every reconnect: what ended meanwhile has to be asked for. */
  readonly reconnects = this.returns.asReadonly();

  constructor() {
    for (const name of ['online', 'offline']) {
      addEventListener(name, () => this.network.set(navigator.onLine));
    }
    // Not whoever signs in again: that socket comes back by itself, and tells what was missed.
    const account = computed(() => this.session.me()?.account.id);
    effect(() => {
      const opened = account() !== undefined;
      untracked(() => void (opened ? this.open() : this.close()));
    });
  }

  /** Calls `hear` with every newer snapshot of a room, until the injection context ends; `undefined`: not yet. */
  watch(room: () => Room | undefined, hear: (snapshot: ProgressSnapshot) => void): void {
    let watch: Watch | null = null;
    const leave = () => void (watch && this.watches.delete(watch));
    effect(() => {
      const wanted = room();
      untracked(() => {
        leave();
        watch = wanted ? new Watch(wanted, hear) : null;
        if (watch) this.watches.add(watch);
        if (watch && this.socket?.connected) this.join(this.socket, watch);
      });
    });
    inject(DestroyRef).onDestroy(leave);
  }

  /** The newest snapshot of one operation as a signal; null until one came. */
  snapshotOf(operationId: () => string | undefined): Signal<ProgressSnapshot | null> {
    const newest = signal<ProgressSnapshot | null>(null);
    this.watch(() => {
      const id = operationId();
      return id === undefined ? undefined : { operationId: id };
    }, newest.set);
    return computed(() => (newest()?.operationId === operationId() ? newest() : null));
  }

  private async open(): Promise<void> {
    this.close();
    this.connection.set('connecting');
    // Not part of the first load: nothing is drawn by it.
    const { io } = await import('socket.io-client');
    if (this.connection() !== 'connecting' || this.socket) return;
    const socket = (this.socket = io({
      ...{ path: '/api/socket.io', transports: ['websocket'] },
      ...{ reconnectionDelay: 500, reconnectionDelayMax: 5_000 },
    }));
    socket.on('connect', () => this.connected(socket));
    socket.on('disconnect', (reason) => this.disconnected(socket, reason));
    socket.on('connect_error', (error) => void this.refused(socket, error));
    socket.on(PROGRESS_EVENT, (snapshot: ProgressSnapshot) => {
      for (const watch of this.watches) watch.hear(snapshot);
    });
  }

  private close(): void {
    this.socket?.disconnect();
    this.socket = null;
    this.connection.set('off');
  }

  private connected(socket: Socket): void {
    if (this.connection() === 'reconnecting') this.returns.update((count) => count + 1);
    this.connection.set('live');
    for (const watch of this.watches) this.join(socket, watch);
  }

  private join(socket: Socket, watch: Watch): void {
    socket.emit('watch', watch.room, (answer: WatchAnswer) => {
      if (answer.ok) for (const snapshot of answer.snapshots) watch.hear(snapshot);
    });
  }

  private disconnected(socket: Socket, reason: string): void {
    if (this.socket !== socket) return;
    this.connection.set('reconnecting');
    // The API ended it, because the session has or because it stops: the answer to the next try tells.
    if (reason === 'io server disconnect') socket.connect();
  }

  private async refused(socket: Socket, error: Error & { data?: { code?: string } }): Promise<void> {
    if (error.data?.code !== 'auth.required') {
      if (this.connection() === 'connecting') this.connection.set('reconnecting');
      return;
    }
    // A refused socket does not try again by itself.
    if ((await this.session.ended(this.session.me())) && this.socket === socket) socket.connect();
  }
}
