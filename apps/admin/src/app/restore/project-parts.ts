import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { RestoreReport } from '@holdfast/contracts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { DifferenceList } from './difference-list.ts';

/** What a report says of storage, functions and settings; nothing where they are no part of it. */
@Component({
  selector: 'hf-project-parts',
  imports: [BytesPipe, DifferenceList, NumberPipe],
  template: `
    @if (report().storage; as storage) {
      <p>
        Storage: {{ storage.restored | hfNumber }} objects written ({{ storage.bytes | hfBytes }}),
        {{ storage.kept | hfNumber }} were there already, {{ storage.failed | hfNumber }} not taken.
      </p>
    }
    @if (report().functions; as functions) {
      <p>Functions: {{ said(functions) }}</p>
    }
    @if (report().settings; as settings) {
      <p>
        Settings: {{ settings.applied.length }} {{ report().dryRun ? 'to change' : 'changed' }},
        {{ settings.differenceCount | hfNumber }} differ.
      </p>
      <hf-difference-list
        heading="Settings that differ"
        [differences]="settings.differences"
        [count]="settings.differenceCount"
      />
    }
  `,
  styleUrl: './report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ProjectParts {
  readonly report = input.required<RestoreReport>();

  protected said({ deployed, kept }: NonNullable<RestoreReport['functions']>): string {
    const names = deployed.length > 0 ? ` (${deployed.join(', ')})` : '';
    const verb = this.report().dryRun ? 'to deploy' : 'deployed';
    return `${deployed.length} ${verb}${names}, ${kept.length} were there already.`;
  }
}
