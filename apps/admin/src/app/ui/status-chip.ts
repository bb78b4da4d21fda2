import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import {
  mdiAlertOutline,
  mdiCheckCircleOutline,
  mdiCircleOutline,
  mdiCloseCircleOutline,
  mdiProgressClock,
} from '@mdi/js';
import { Icon } from './icon.ts';

/** What a state means for the reader; each has a colour and, for those who see none, an icon of its own. */
export type Tone = 'good' | 'attention' | 'danger' | 'running' | 'neutral';

const ICONS: Record<Tone, string> = {
  good: mdiCheckCircleOutline,
  attention: mdiAlertOutline,
  danger: mdiCloseCircleOutline,
  running: mdiProgressClock,
  neutral: mdiCircleOutline,
};

/** A state in one or two words. */
@Component({
  selector: 'hf-status-chip',
  imports: [Icon],
  host: { '[class]': 'tone()' },
  template: '<hf-icon [path]="icons[tone()]" /><span><ng-content /></span>',
  styleUrl: './status-chip.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class StatusChip {
  readonly tone = input.required<Tone>();
  protected readonly icons = ICONS;
}
