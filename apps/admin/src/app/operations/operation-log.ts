import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { mdiCheck, mdiClose, mdiCircleSmall, mdiRefresh } from '@mdi/js';
import { ErrorPanel } from '../ui/error-panel.ts';
import { formatClock, formatInstant } from '../ui/format.ts';
import { Icon } from '../ui/icon.ts';
import { eventMatches, type EventLog } from './event-log.ts';

const ICONS: Record<string, string> = { failed: mdiClose, cancelled: mdiClose, completed: mdiCheck, retry: mdiRefresh };

/** What happened in an operation, in order, with a search; it grows while the operation runs. */
@Component({
  selector: 'hf-operation-log',
  imports: [ErrorPanel, Icon],
  templateUrl: './operation-log.html',
  styleUrl: './operation-log.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OperationLog {
  readonly log = input.required<EventLog>();
  /** Whether more may come. */
  readonly live = input.required<boolean>();
  protected readonly search = signal('');
  protected readonly attempts = computed(() => this.log().retries().length + 1);
  protected readonly rows = computed(() =>
    this.log()
      .events()
      .filter((event) => eventMatches(event, this.search().trim()))
      .map((event) => {
        const at = Date.parse(event.at);
        return {
          ...event,
          clock: formatClock(at),
          inFull: formatInstant(at),
          icon: ICONS[event.type] ?? mdiCircleSmall,
        };
      }),
  );
}
