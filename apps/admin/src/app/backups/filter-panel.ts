import { ChangeDetectionStrategy, Component, computed, input, linkedSignal, output } from '@angular/core';
import type { Schemas } from '../ui/api.ts';
import { ChoiceChips } from '../ui/choice-chips.ts';
import { formatBytes } from '../ui/format.ts';
import { TagField } from '../ui/tag-field.ts';
import type { BackupFilters } from './backup-filters.ts';
import { COMPONENT_CHOICES, KIND_CHOICES, PROOF_CHOICES, STATUS_CHOICES } from './backup-words.ts';
import { sizeOf } from './size-text.ts';

type SizeField = 'minSize' | 'maxSize';

/** The filters that are looked for less often than by name and environment. */
@Component({
  selector: 'hf-filter-panel',
  imports: [ChoiceChips, TagField],
  templateUrl: './filter-panel.html',
  styleUrl: './filter-panel.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FilterPanel {
  readonly filters = input.required<BackupFilters>();
  readonly repositories = input.required<readonly Schemas['Repository'][]>();
  readonly show = output<Partial<BackupFilters>>();
  protected readonly statuses = STATUS_CHOICES;
  protected readonly proofs = PROOF_CHOICES;
  protected readonly kinds = KIND_CHOICES;
  protected readonly components = COMPONENT_CHOICES;
  /** Fields whose text is no size. */
  protected readonly unclear = linkedSignal<string, readonly SizeField[]>({
    // Other sizes, as after Back, take the place of what was written.
    source: () => `${this.filters().minSize} ${this.filters().maxSize}`,
    computation: () => [],
  });
  protected readonly sizes = computed(() => {
    const { minSize, maxSize } = this.filters();
    const text = (bytes: number | null) => (bytes === null ? '' : formatBytes(bytes));
    return [
      { name: 'minSize' as const, label: 'Size at least', text: text(minSize) },
      { name: 'maxSize' as const, label: 'Size at most', text: text(maxSize) },
    ];
  });

  protected setSize(name: SizeField, text: string): void {
    const size = text.trim() === '' ? null : sizeOf(text);
    const unclear = size === null && text.trim() !== '';
    this.unclear.update((old) => [...old.filter((one) => one !== name), ...(unclear ? [name] : [])]);
    if (!unclear) this.show.emit({ [name]: size });
  }
}
