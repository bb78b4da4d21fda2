import { computed, Injectable, signal } from '@angular/core';
import { apiResource } from '../ui/api.ts';
import { problemIn } from '../ui/problem.ts';

/** One entry; it never changes. */
@Injectable()
export class AuditEntryStore {
  private readonly id = signal<string | undefined>(undefined);
  private readonly read = apiResource('/api/v1/backup/audit/entries/{id}', () => {
    const id = this.id();
    return id === undefined ? undefined : { path: { id } };
  });

  readonly entry = computed(() => (this.read.hasValue() ? this.read.value() : undefined));
  readonly problem = computed(() => problemIn(this.read));

  /** Shows this entry from now on. */
  open(id: string): void {
    this.id.set(id);
  }

  reload(): void {
    this.read.reload();
  }
}
