import { booleanAttribute, ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { MatTooltip } from '@angular/material/tooltip';
import { Live, type LiveState } from './live.ts';

const WORDS: Record<LiveState, { label: string; more: string } | null> = {
  off: null,
  connecting: { label: 'Connecting', more: 'Connecting to live progress' },
  live: { label: 'Live', more: 'Progress arrives as it happens' },
  reconnecting: { label: 'Reconnecting', more: 'The connection was lost; it comes back by itself' },
  offline: { label: 'Offline', more: 'This browser has no network' },
};

/** Whether progress is live, in sight all the time and said when it changes. */
@Component({
  selector: 'hf-connection-state',
  imports: [MatTooltip],
  host: { role: 'status', '[class]': 'state()', '[class.compact]': 'compact()' },
  template: `
    @if (words(); as words) {
      <span class="line" [matTooltip]="words.more" matTooltipPosition="right">
        <span class="dot" aria-hidden="true"></span><span class="label">{{ words.label }}</span>
      </span>
    }
  `,
  styleUrl: './connection-state.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ConnectionState {
  readonly compact = input(false, { transform: booleanAttribute });
  protected readonly state = inject(Live).state;
  protected readonly words = computed(() => WORDS[this.state()]);
}
