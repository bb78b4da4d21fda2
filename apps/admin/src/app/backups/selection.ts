import { computed, signal } from '@angular/core';
import type { Schemas } from '../ui/api.ts';

type Backup = Schemas['Backup'];

/** The backups that somebody chose, by hand, one by one or those in sight: a filter or a later page adds none. */
export class Selection {
  private readonly chosen = signal<ReadonlyMap<string, Backup>>(new Map());
  readonly items = computed(() => [...this.chosen().values()]);
  readonly count = computed(() => this.chosen().size);

  has(id: string): boolean {
    return this.chosen().has(id);
  }

  set(backups: readonly Backup[], on: boolean): void {
    this.chosen.update((old) => {
      const next = new Map(old);
      for (const backup of backups) {
        if (on) next.set(backup.id, backup);
        else next.delete(backup.id);
      }
      return next;
    });
  }

  /** What is known of a chosen one by now; null: it is gone. */
  learn(id: string, backup: Backup | null): void {
    const known = this.chosen().get(id);
    if (known) this.set([backup ?? known], backup !== null);
  }

  clear(): void {
    this.chosen.set(new Map());
  }
}
