import { afterNextRender, DestroyRef, DOCUMENT, inject, Injectable, Injector } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { NavigationEnd, Router } from '@angular/router';
import { filter, map, pairwise, startWith } from 'rxjs';

/** Moves the focus to a page's heading when one arrives there, so that a screen reader says where one is. */
@Injectable({ providedIn: 'root' })
export class PageFocus {
  private readonly router = inject(Router);
  private readonly document = inject(DOCUMENT);
  private readonly injector = inject(Injector);

  /** For as long as the caller's injection context lives. */
  follow(): void {
    this.router.events
      .pipe(
        filter((event) => event instanceof NavigationEnd),
        map(({ urlAfterRedirects }) => urlAfterRedirects.split(/[?#]/)[0]),
        startWith(this.router.url.split(/[?#]/)[0]),
        pairwise(),
        // A filter in the URL is no other page: whoever types in it keeps the focus.
        filter(([before, after]) => before !== after),
        takeUntilDestroyed(inject(DestroyRef)),
      )
      .subscribe(() => afterNextRender(() => this.toHeading(), { injector: this.injector }));
  }

  toHeading(): void {
    this.document.querySelector<HTMLElement>('main h1')?.focus();
  }
}
