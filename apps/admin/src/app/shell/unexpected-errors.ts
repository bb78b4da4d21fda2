import { inject, Injectable, Injector, type ErrorHandler } from '@angular/core';
import { problemOf } from '../ui/problem.ts';
import { Toasts } from '../ui/toasts.ts';

/** What no page foresaw: said in a toast, and whole in the browser's console. */
@Injectable({ providedIn: 'root' })
export class UnexpectedErrors implements ErrorHandler {
  // Late: what makes toasts may itself be what failed.
  private readonly injector = inject(Injector);

  handleError(error: unknown): void {
    console.error(error);
    // A page of an older version asks for a script that an upgrade took away.
    if (/dynamically imported module|ChunkLoadError/i.test(String(error))) {
      this.injector.get(Toasts).failed({
        title: 'A new version of Holdfast is installed',
        detail: 'This page belongs to an older version of Holdfast. Reload it to go on.',
      });
      return;
    }
    const { code, title, detail } = problemOf(error);
    // The sign-in page says it better.
    if (code !== 'auth.required') this.injector.get(Toasts).failed({ title, detail });
  }
}
