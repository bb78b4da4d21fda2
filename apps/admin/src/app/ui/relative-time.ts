import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { MatTooltip } from '@angular/material/tooltip';
import { Clock } from './clock.ts';
import { formatInstant, formatRelative } from './format.ts';

/** An instant as distance from now, which goes on by itself; the instant in full on hover and focus. */
@Component({
  selector: 'hf-time',
  imports: [MatTooltip],
  template: `<time [attr.datetime]="at()" [matTooltip]="inFull()" [attr.tabindex]="focusable() ? 0 : null">{{
    relative()
  }}</time>`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RelativeTime {
  private readonly clock = inject(Clock);
  readonly at = input.required<string>();
  /** False inside something that has the focus itself, such as a row that is a link. */
  readonly focusable = input(true);

  private readonly instant = computed(() => Date.parse(this.at()));
  protected readonly inFull = computed(() => formatInstant(this.instant()));
  protected readonly relative = computed(() => formatRelative(this.instant(), this.clock.now()));
}
