import { Injectable, signal } from '@angular/core';
import { DEFAULT_COLUMNS, readColumns, type ColumnId } from './backup-columns.ts';

const KEY = 'holdfast.backup-columns';

/** The columns that somebody wants to see; remembered in this browser. */
@Injectable({ providedIn: 'root' })
export class ChosenColumns {
  private readonly chosen = signal(readColumns(localStorage.getItem(KEY)));
  readonly ids = this.chosen.asReadonly();

  toggle(id: ColumnId): void {
    this.chosen.update((old) => (old.includes(id) ? old.filter((one) => one !== id) : [...old, id]));
    localStorage.setItem(KEY, this.chosen().join(','));
  }

  /** Those of the beginning again. */
  reset(): void {
    this.chosen.set(DEFAULT_COLUMNS);
    localStorage.removeItem(KEY);
  }
}
