import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import type { Quarantine } from '@holdfast/contracts';
import type { Schemas } from '../ui/api.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { May } from '../ui/may.ts';
import { NumberPipe } from '../ui/number-pipes.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { RestoreStore } from './restore.store.ts';

/** What is switched off in a restored copy, and the release that switches exactly that on again. */
@Component({
  selector: 'hf-quarantine-panel',
  imports: [MatButton, May, NumberPipe, RelativeTime],
  templateUrl: './quarantine-panel.html',
  styleUrl: './report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class QuarantinePanel {
  private readonly dialog = inject(MatDialog);
  private readonly store = inject(RestoreStore);
  /** Null: the restore ended before it could say; the database itself remembers. */
  readonly quarantine = input.required<Quarantine | null>();
  protected readonly released = signal<Schemas['ReleaseReport'] | null>(null);

  protected async release(): Promise<void> {
    await confirm(this.dialog, {
      title: 'Release the copy?',
      text: 'Jobs, webhooks and foreign servers that were switched off run again: what they do, they do for real.',
      ...{ verb: 'Release', destructive: true },
      act: async () => this.released.set(await this.store.release()),
    });
  }
}
