import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Schemas } from '../ui/api.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { dayName } from './calendar-words.ts';
import { GrowthChart } from './growth-chart.ts';

/** How many of the largest are named. */
const LARGEST = 5;

/** What backups take up, how that grew, and which repositories and environments hold most of it. */
@Component({
  selector: 'hf-storage-growth',
  imports: [BytesPipe, GrowthChart, NumberPipe, Skeleton],
  templateUrl: './storage-growth.html',
  styleUrl: './storage-growth.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class StorageGrowth {
  readonly usage = input.required<Schemas['StorageUsage']>();
  protected readonly dayName = dayName;
  protected readonly weeks = computed(() => this.usage().growth.toReversed());
  /** The largest, each with its share of the whole. */
  protected readonly largest = computed(() => {
    const { byRepository, byEnvironment, totals } = this.usage();
    const share = (bytes: number): number => (totals.storedBytes > 0 ? bytes / totals.storedBytes : 0);
    return [
      {
        title: 'By repository',
        items: byRepository.slice(0, LARGEST).map(({ repositoryId: id, repositoryName: name, storedBytes }) => ({
          ...{ id, name, storedBytes, share: share(storedBytes) },
        })),
      },
      {
        title: 'By environment',
        items: byEnvironment.slice(0, LARGEST).map(({ environmentId: id, environmentName: name, storedBytes }) => ({
          ...{ id, name, storedBytes, share: share(storedBytes) },
        })),
      },
    ].filter(({ items }) => items.length > 0);
  });
}
