// First: it brings Angular's compiler, without which the packages below do not load.
import { servicesWith } from '../ui/services-under-test.ts';
import { DOCUMENT, signal } from '@angular/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Api } from '../ui/api.ts';
import { Session } from '../ui/session.ts';
import { OtherAccount } from './other-account.ts';

const meOf = (id: string) => ({ account: { id } });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A page that knows Ann, in a browser whose cookie is of whom `cookie` says; null: of nobody. */
function pageOfAnn(cookie: string | null) {
  const page = Object.assign(new EventTarget(), {
    ...{ visibilityState: 'visible', location: { reload: vi.fn() }, getElementById: () => null },
  });
  const me = signal<ReturnType<typeof meOf> | null>(meOf('ann'));
  const get = vi.fn(() => (cookie === null ? Promise.reject(new Error('401')) : Promise.resolve(meOf(cookie))));
  const other = servicesWith([
    { provide: DOCUMENT, useValue: page },
    { provide: Api, useValue: { get } },
    { provide: Session, useValue: { me } },
  ]).inject(OtherAccount);
  const turn = async (visibilityState: string, ms = 0): Promise<void> => {
    page.visibilityState = visibilityState;
    page.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(ms);
  };
  return { get, me, other, reload: page.location.reload, turn };
}

it('starts the page anew once the cookie is of somebody else', async () => {
  const { other, reload } = pageOfAnn('ben');
  await other.look();
  expect(reload).toHaveBeenCalledOnce();
});

it.each(['ann', null])('leaves the page alone while the cookie is of %s', async (cookie) => {
  const { other, reload } = pageOfAnn(cookie);
  await other.look();
  expect(reload).not.toHaveBeenCalled();
});

it('asks nothing for nobody, and believes no answer that whoever signed out here has overtaken', async () => {
  const { get, me, other, reload } = pageOfAnn('ben');
  const looked = other.look();
  me.set(meOf('cleo'));
  await looked;
  me.set(null);
  await other.look();
  expect([get.mock.calls.length, reload.mock.calls.length]).toEqual([1, 0]);
});

it('looks when the page is shown again, at most every ten seconds and then once more', async () => {
  const { get, reload, turn } = pageOfAnn('ben');
  await turn('hidden', 60_000);
  expect(get).not.toHaveBeenCalled();
  await turn('visible');
  expect([get.mock.calls.length, reload.mock.calls.length]).toEqual([1, 1]);
  await turn('visible', 3_000);
  await turn('visible', 3_000);
  expect(get).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(get).toHaveBeenCalledTimes(2);
});
