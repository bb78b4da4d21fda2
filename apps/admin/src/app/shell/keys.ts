import { afterNextRender, DestroyRef, DOCUMENT, inject, Injectable, Injector } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { Session } from '../ui/session.ts';
import { PLACES } from './navigation.ts';

/** How long `g` waits for the key after it. */
const CHORD_MS = 1_200;

/** Where `/` leads from a page that has no search. */
const SEARCHED = '/backups';

/** The console's keys: `/` to the page's search, `?` for the list, `g` and a letter to a place. */
@Injectable({ providedIn: 'root' })
export class Keys {
  private readonly document = inject(DOCUMENT);
  private readonly router = inject(Router);
  private readonly dialog = inject(MatDialog);
  private readonly session = inject(Session);
  private readonly injector = inject(Injector);
  private goneAt = -Infinity;
  /** The address of the page in whose form somebody has typed. */
  private typedAt: string | null = null;

  /** Listens for as long as the caller's injection context lives. */
  listen(): void {
    const hear = (event: KeyboardEvent) => this.hear(event);
    const note = ({ target }: Event) => {
      if (target instanceof HTMLElement && target.closest('main form')) this.typedAt = this.router.url;
    };
    this.document.addEventListener('keydown', hear);
    this.document.addEventListener('input', note);
    inject(DestroyRef).onDestroy(() => {
      this.document.removeEventListener('keydown', hear);
      this.document.removeEventListener('input', note);
    });
  }

  private hear(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (this.dialog.openDialogs.length > 0) return;
    if (this.act(event)) event.preventDefault();
  }

  private act({ key, timeStamp }: KeyboardEvent): boolean {
    const afterG = timeStamp - this.goneAt < CHORD_MS;
    this.goneAt = -Infinity;
    if (afterG) return this.go(key);
    if (key === 'g') this.goneAt = timeStamp;
    else if (key === '/') return this.focusSearch();
    else if (key === '?') void this.showList();
    else return false;
    return true;
  }

  private go(key: string): boolean {
    const place = PLACES.find((one) => one.key === key && this.session.may(one.permission));
    if (place) void this.router.navigateByUrl(place.link);
    return place !== undefined;
  }

  private focusSearch(): boolean {
    if (this.focusSearchHere()) return true;
    const backups = PLACES.find(({ link }) => link === SEARCHED);
    // What was typed into a form would be lost for a key that was meant for a field.
    if (!backups || !this.session.may(backups.permission) || this.typedAt === this.router.url) return false;
    void this.searchBackups();
    return true;
  }

  private async searchBackups(): Promise<void> {
    // After the page's heading has had the focus, as on every page that one comes to.
    if (await this.router.navigateByUrl(SEARCHED)) {
      afterNextRender(() => this.focusSearchHere(), { injector: this.injector });
    }
  }

  private focusSearchHere(): boolean {
    const search = this.document.querySelector<HTMLInputElement>('main input[type="search"]');
    search?.focus();
    search?.select();
    return search !== null;
  }

  async showList(): Promise<void> {
    const { KeysDialog } = await import('./keys-dialog.ts');
    this.dialog.open(KeysDialog, { width: '420px' });
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && /^(checkbox|radio|button|color)$/.test(target.type)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.role === 'combobox';
}
