import {
  computed,
  DestroyRef,
  effect,
  inject,
  Injectable,
  InjectionToken,
  signal,
  untracked,
  type Signal,
} from '@angular/core';
import type { Problem } from '@holdfast/api-client';
import { PROGRESS_EVENT, type ProgressSnapshot } from '@holdfast/contracts';
import type { Socket } from 'socket.io-client';
import { Session } from '../ui/session.ts';
import { OtherAccount } from './other-account.ts';
import { Retries } from './retries.ts';
import { Watch, type Room } from './watch.ts';

/** `off`: nobody is signed in. `offline`: this browser has no network. */
export type LiveState = 'off' | 'connecting' | 'live' | 'reconnecting' | 'offline';

type WatchAnswer = { ok: true; snapshots: ProgressSnapshot[] } | { ok: false; problem: Problem };

/** What of a socket is used here. */
export type LiveSocket = Pick<Socket, 'active' | 'connect' | 'connected' | 'disconnect' | 'emit' | 'on'>;

/** Loads what opens the socket. Not part of the first load: nothing is drawn by it. */
export const SOCKETS = new InjectionToken<() => Promise<() => LiveSocket>>('sockets', {
  providedIn: 'root',
  factory: () => async () => {
    const { io } = await import('socket.io-client');
    return () =>
      io({
        ...{ path: '/api/socket.io', transports: ['websocket'] },
        ...{ reconnectionDelay: 500, reconnectionDelayMax: 5_000 },
      });
  },
});

/** Our side is away for now; whoever may not see a room, or asks for one that is not there, gets no other answer later. */
const isOutage = ({ status }: Problem): boolean => status >= 500;

/** The one socket of the console: progress as it happens, and whether it still comes. */
@Injectable({ providedIn: 'root' })
export class Live {
  private readonly session = inject(Session);
  private readonly otherAccount = inject(OtherAccount);
  private readonly sockets = inject(SOCKETS);
  private readonly watches = new Set<Watch>();
  private readonly network = signal(navigator.onLine);
  private readonly connection = signal<'off' | 'connecting' | 'live' | 'reconnecting'>('off');
  private readonly returns = signal(0);
  private socket: LiveSocket | null = null;
  private readonly connects = new Retries(() => this.socket?.connect());
  /** Watches that an outage kept out of their rooms. */
  private readonly kept = new Set<Watch>();
  private readonly joins = new Retries(() => this.joinKept());

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
    const leave = () => {
      if (!watch) return;
      this.watches.delete(watch);
      this.release(watch);
    };
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
    const openSocket = await this.sockets();
    if (this.connection() !== 'connecting' || this.socket) return;
    const socket = (this.socket = openSocket());
    socket.on('connect', () => this.connected(socket));
    socket.on('disconnect', (reason) => this.disconnected(socket, reason));
    socket.on('connect_error', (error) => void this.refused(socket, error));
    socket.on(PROGRESS_EVENT, (snapshot: ProgressSnapshot) => {
      for (const watch of this.watches) watch.hear(snapshot);
    });
  }

  private close(): void {
    this.connects.stop();
    this.forgetKept();
    this.socket?.disconnect();
    this.socket = null;
    this.connection.set('off');
  }

  private connected(socket: LiveSocket): void {
    if (this.socket !== socket) return;
    this.connects.stop();
    // Each of them is asked for anew below.
    this.forgetKept();
    if (this.connection() === 'reconnecting') {
      this.returns.update((count) => count + 1);
      void this.otherAccount.look();
    }
    this.connection.set('live');
    for (const watch of this.watches) this.join(socket, watch);
  }

  private join(socket: LiveSocket, watch: Watch): void {
    socket.emit('watch', watch.room, (answer: WatchAnswer) => {
      if (this.socket !== socket || !this.watches.has(watch)) return;
      if (answer.ok) this.joined(watch, answer.snapshots);
      else this.keptOut(watch, answer.problem);
    });
  }

  private joined(watch: Watch, snapshots: ProgressSnapshot[]): void {
    for (const snapshot of snapshots) watch.hear(snapshot);
    // What ended while it was kept out is in no snapshot.
    if (this.release(watch)) this.returns.update((count) => count + 1);
  }

  private keptOut(watch: Watch, problem: Problem): void {
    if (!isOutage(problem)) return void this.release(watch);
    this.kept.add(watch);
    this.joins.later();
  }

  /** Whether it was kept out until now. */
  private release(watch: Watch): boolean {
    const was = this.kept.delete(watch);
    if (this.kept.size === 0) this.joins.stop();
    return was;
  }

  private joinKept(): void {
    const socket = this.socket;
    if (socket?.connected) for (const watch of this.kept) this.join(socket, watch);
  }

  private forgetKept(): void {
    this.kept.clear();
    this.joins.stop();
  }

  private disconnected(socket: LiveSocket, reason: string): void {
    if (this.socket !== socket) return;
    this.connection.set('reconnecting');
    // The API ended it, because the session has or because it stops: the answer to the next try tells.
    if (reason === 'io server disconnect') socket.connect();
  }

  private async refused(socket: LiveSocket, error: Error & { data?: { code?: string } }): Promise<void> {
    if (this.socket !== socket) return;
    if (error.data?.code !== 'auth.required') {
      if (this.connection() === 'connecting') this.connection.set('reconnecting');
      // One that the API itself refused does not try again by itself, as one that it did not answer does.
      if (!socket.active) this.connects.later();
      return;
    }
    if ((await this.session.ended(this.session.me())) && this.socket === socket) socket.connect();
  }
}
