import { DOCUMENT, inject, Injectable, signal } from '@angular/core';

export const COLOR_SCHEMES = ['system', 'light', 'dark'] as const;
export type ColorScheme = (typeof COLOR_SCHEMES)[number];

/** As in public/color-scheme.js, which applies it before the first paint. */
const KEY = 'holdfast.color-scheme';

/** Light, dark, or what the system says; remembered in this browser. */
@Injectable({ providedIn: 'root' })
export class ColorSchemeChoice {
  private readonly root = inject(DOCUMENT).documentElement;
  private readonly choice = signal<ColorScheme>(asScheme(this.root.dataset['colorScheme']));
  readonly chosen = this.choice.asReadonly();

  choose(scheme: ColorScheme): void {
    this.choice.set(scheme);
    if (scheme === 'system') {
      delete this.root.dataset['colorScheme'];
      localStorage.removeItem(KEY);
    } else {
      this.root.dataset['colorScheme'] = scheme;
      localStorage.setItem(KEY, scheme);
    }
  }
}

const asScheme = (text: string | undefined): ColorScheme => (text === 'light' || text === 'dark' ? text : 'system');
