import { DestroyRef, effect, inject, Injectable, signal } from '@angular/core';

/** The environment that a page is about: its name, its colour, and whether a mistake there hurts. */
export interface PageEnvironment {
  name: string;
  color: string;
  production: boolean;
}

/** What the page in sight tells the shell about itself. */
@Injectable({ providedIn: 'root' })
export class PageContext {
  private readonly about = signal<PageEnvironment | null>(null);
  readonly environment = this.about.asReadonly();

  /** Declares the page's environment for as long as the page is there; for constructors of pages. */
  declare(environment: () => PageEnvironment | null | undefined): void {
    effect(() => this.about.set(environment() ?? null));
    inject(DestroyRef).onDestroy(() => this.about.set(null));
  }
}

/** Black or white, whichever reads better on a colour `#rrggbb` (WCAG's relative luminance). */
export function textOn(color: string): '#000' | '#fff' {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((c) =>
    c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  );
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? '#000' : '#fff';
}
