import { DestroyRef, DOCUMENT, inject, Injectable } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { Session } from '../ui/session.ts';
import { PLACES } from './navigation.ts';

/** How long `g` waits for the key after it. */
const CHORD_MS = 1_200;

/** The console's keys: `/` to the page's search, `?` for the list, `g` and a letter to a place. */
@Injectable({ providedIn: 'root' })
export class Keys {
  private readonly document = inject(DOCUMENT);
  private readonly router = inject(Router);
  private readonly dialog = inject(MatDialog);
  private readonly session = inject(Session);
  private goneAt = -Infinity;

  /** Listens for as long as the caller's injection context lives. */
  listen(): void {
    const hear = (event: KeyboardEvent) => this.hear(event);
    this.document.addEventListener('keydown', hear);
    inject(DestroyRef).onDestroy(() => this.document.removeEventListener('keydown', hear));
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
