// First: it brings Angular's compiler, without which the packages below do not load.
import { servicesWith } from '../ui/services-under-test.ts';
import { signal } from '@angular/core';
import type { ProgressSnapshot } from '@holdfast/contracts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Session } from '../ui/session.ts';
import { Live, SOCKETS } from './live.ts';
import { OtherAccount } from './other-account.ts';

type Hear = (...told: unknown[]) => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('navigator', { onLine: true });
  vi.stubGlobal('addEventListener', () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A socket that does what it is told, in place of one of socket.io. */
class Wire {
  connected = false;
  /** Whether it tries again by itself. */
  active = true;
  readonly connect = vi.fn();
  readonly emit = vi.fn<(event: string, room: unknown, answer: Hear) => void>();
  private readonly hears = new Map<string, Hear>();

  on(event: string, hear: Hear): void {
    this.hears.set(event, hear);
  }

  disconnect(): void {
    this.connected = false;
  }

  tell(event: string, ...told: unknown[]): void {
    if (event === 'connect' || event === 'disconnect') this.connected = event === 'connect';
    this.hears.get(event)?.(...told);
  }

  refuse(code?: string): void {
    this.active = code === undefined;
    this.tell(
      'connect_error',
      Object.assign(new Error('refused'), { data: code === undefined ? undefined : { code } }),
    );
  }

  /** Answers what was asked last. */
  answer(said: unknown): void {
    this.emit.mock.lastCall?.[2](said);
  }
}

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function opened() {
  const wires: Wire[] = [];
  const me = signal<{ account: { id: string } } | null>({ account: { id: 'ann' } });
  const look = vi.fn();
  const openSocket = () => {
    const wire = new Wire();
    wires.push(wire);
    return wire;
  };
  const bed = servicesWith([
    { provide: OtherAccount, useValue: { look } },
    { provide: Session, useValue: { me, ended: () => Promise.resolve(false) } },
    { provide: SOCKETS, useValue: () => Promise.resolve(openSocket) },
  ]);
  const live = bed.inject(Live);
  bed.tick();
  await after(0);
  const [wire] = wires;
  if (!wire) throw new Error('There is no socket.');
  const heard: string[] = [];
  const watch = (operationId: string) => {
    bed.runInInjectionContext(() =>
      live.watch(
        () => ({ operationId }),
        (news) => heard.push(news.operationId),
      ),
    );
    bed.tick();
  };
  return { bed, heard, live, look, me, watch, wire, wires };
}

const outage = { ok: false, problem: { status: 503, code: 'database.unavailable' } };
const joined = (operationId: string) => {
  return { ok: true, snapshots: [{ operationId, sequence: 1 } as ProgressSnapshot] };
};

it('comes back by itself after the API refused it because of an outage', async () => {
  const { live, wire } = await opened();
  wire.refuse('database.unavailable');
  expect([live.state(), wire.connect.mock.calls.length]).toEqual(['reconnecting', 0]);
  await after(2_000);
  expect(wire.connect).toHaveBeenCalledOnce();
  wire.refuse('internal.error');
  await after(2_000);
  expect(wire.connect).toHaveBeenCalledOnce();
  await after(2_000);
  expect(wire.connect).toHaveBeenCalledTimes(2);
  wire.tell('connect');
  await after(60_000);
  expect([live.state(), wire.connect.mock.calls.length]).toEqual(['live', 2]);
});

it('leaves it to the socket where that tries again by itself, and to whoever signs in', async () => {
  const { wire } = await opened();
  wire.refuse();
  wire.refuse('auth.required');
  await after(60_000);
  expect(wire.connect).not.toHaveBeenCalled();
});

it('tries no more once nobody is signed in, nor for whoever signs in next', async () => {
  const { bed, me, live, wire, wires } = await opened();
  wire.refuse('database.unavailable');
  me.set(null);
  bed.tick();
  expect(live.state()).toBe('off');
  me.set({ account: { id: 'ben' } });
  bed.tick();
  await after(60_000);
  expect(wires.map(({ connect }) => connect.mock.calls.length)).toEqual([0, 0]);
});

it('asks again for what an outage kept from it, and has read anew what it missed', async () => {
  const { heard, live, watch, wire } = await opened();
  wire.tell('connect');
  watch('a');
  wire.answer(outage);
  await after(2_000);
  expect(wire.emit.mock.calls.map(([, room]) => room)).toEqual([{ operationId: 'a' }, { operationId: 'a' }]);
  expect(live.reconnects()).toBe(0);
  wire.answer(joined('a'));
  await after(60_000);
  expect([heard, live.reconnects(), wire.emit.mock.calls.length]).toEqual([['a'], 1, 2]);
});

it.each([404, 403])('does not ask again for what is refused for good: %i', async (status) => {
  const { watch, wire } = await opened();
  wire.tell('connect');
  watch('a');
  wire.answer({ ok: false, problem: { status } });
  await after(60_000);
  expect(wire.emit).toHaveBeenCalledOnce();
});

it('asks once for each room when it comes back while it waits to ask again', async () => {
  const { watch, wire } = await opened();
  wire.tell('connect');
  watch('a');
  wire.answer(outage);
  wire.tell('disconnect', 'transport close');
  wire.tell('connect');
  await after(60_000);
  expect(wire.emit).toHaveBeenCalledTimes(2);
});

it('looks who is signed in when it has come back, and not when it first comes', async () => {
  const { look, wire } = await opened();
  wire.tell('connect');
  expect(look).not.toHaveBeenCalled();
  wire.tell('disconnect', 'transport close');
  wire.tell('connect');
  expect(look).toHaveBeenCalledOnce();
});
