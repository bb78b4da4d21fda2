import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { MatDialogClose } from '@angular/material/dialog';
import { RouterLink } from '@angular/router';
import type { Schemas } from '../ui/api.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { proofOf } from './backup-words.ts';
import type { BulkRun } from './bulk-run.ts';

/** Each backup that is touched, by name, with what came of it. */
@Component({
  selector: 'hf-bulk-outcomes',
  imports: [MatDialogClose, RouterLink, StatusChip],
  template: `
    <ul aria-label="Backups">
      @for (row of rows(); track row.backup.id) {
        <li>
          <span class="name"
            >{{ row.backup.name }}<span class="place"> · {{ row.backup.environmentName }}</span></span
          >
          @switch (row.outcome.state) {
            @case ('waiting') {
              <hf-status-chip [tone]="row.proof.tone">{{ row.proof.label }}</hf-status-chip>
            }
            @case ('running') {
              <hf-status-chip tone="running">Asking</hf-status-chip>
            }
            @case ('done') {
              @if (row.outcome.operationId; as id) {
                <a mat-dialog-close [routerLink]="['/operations', id]">Watch</a>
              }
              <hf-status-chip tone="good">{{ doneWord() }}</hf-status-chip>
            }
            @case ('refused') {
              <hf-status-chip tone="danger">Refused</hf-status-chip>
              <p>{{ row.outcome.problem.detail || row.outcome.problem.title }} {{ row.outcome.problem.hint }}</p>
            }
          }
        </li>
      }
    </ul>
  `,
  styleUrl: './bulk-outcomes.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BulkOutcomes {
  readonly run = input.required<BulkRun<Schemas['Backup']>>();
  readonly doneWord = input.required<string>();
  protected readonly rows = computed(() =>
    this.run().items.map((backup) => ({ backup, proof: proofOf(backup), outcome: this.run().outcomeOf(backup.id) })),
  );
}
