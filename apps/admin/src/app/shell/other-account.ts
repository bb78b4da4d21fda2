import { DestroyRef, DOCUMENT, inject, Injectable } from '@angular/core';
import { Api } from '../ui/api.ts';
import { Session } from '../ui/session.ts';

const PAUSE_MS = 10_000;

/**
 * Another tab may have signed in as somebody else: the cookie is of the whole browser. This page would go on under the
 * name and with the buttons of the one before, and do all of it as the other; so it starts anew.
 */
@Injectable({ providedIn: 'root' })
export class OtherAccount {
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly document = inject(DOCUMENT);
  private lastLook = -Infinity;
  private waiting: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    const shown = () => {
      if (this.document.visibilityState === 'visible') this.lookSoon();
    };
    this.document.addEventListener('visibilitychange', shown);
    inject(DestroyRef).onDestroy(() => {
      clearTimeout(this.waiting ?? undefined);
      this.document.removeEventListener('visibilitychange', shown);
    });
  }

  /** Asks whose the cookie is now. */
  async look(): Promise<void> {
    this.lastLook = Date.now();
    const known = this.session.me()?.account.id;
    if (known === undefined) return;
    // Whoever is signed out is told by what they do next.
    const now = await this.api.get('/api/v1/auth/me', {}).catch(() => null);
    // Meanwhile somebody may have signed out here: that answer is of before.
    if (now && this.session.me()?.account.id === known && now.account.id !== known) this.document.location.reload();
  }

  /** Whoever goes back and forth between tabs causes one question in a while, and the last time is not left out. */
  private lookSoon(): void {
    const wait = this.lastLook + PAUSE_MS - Date.now();
    if (wait <= 0) return void this.look();
    this.waiting ??= setTimeout(() => {
      this.waiting = null;
      void this.look();
    }, wait);
  }
}
