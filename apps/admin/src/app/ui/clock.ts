import { DestroyRef, DOCUMENT, inject, Injectable, signal } from '@angular/core';

const TICK_MS = 1_000;

/** The time, once a second, from one timer for the whole console; it rests while nobody looks. */
@Injectable({ providedIn: 'root' })
export class Clock {
  private readonly document = inject(DOCUMENT);
  private readonly time = signal(Date.now());
  readonly now = this.time.asReadonly();

  constructor() {
    const tick = () => {
      if (this.document.visibilityState === 'visible') this.time.set(Date.now());
    };
    const timer = setInterval(tick, TICK_MS);
    this.document.addEventListener('visibilitychange', tick);
    inject(DestroyRef).onDestroy(() => {
      clearInterval(timer);
      this.document.removeEventListener('visibilitychange', tick);
    });
  }
}
