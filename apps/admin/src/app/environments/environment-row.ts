import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { ProductionMark } from '../shell/production-mark.ts';
import type { Schemas } from '../ui/api.ts';
import { KIND_LABELS, placeOf } from './environment-words.ts';

/** One environment in the list; all of it is one link. */
@Component({
  selector: 'hf-environment-row',
  imports: [ProductionMark, RouterLink],
  template: `
    <span class="color" aria-hidden="true" [style.background]="environment().color"></span>
    <a class="name" [routerLink]="['/environments', environment().id]">{{ environment().name }}</a>
    <span class="mark">
      @if (environment().production) {
        <hf-production-mark [color]="environment().color" />
      }
    </span>
    <span class="kind">{{ kind() }}</span>
    <span class="place">{{ place() }}</span>
  `,
  styleUrl: './environment-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentRow {
  readonly environment = input.required<Schemas['Environment']>();
  protected readonly kind = computed(() => KIND_LABELS[this.environment().kind]);
  protected readonly place = computed(() => placeOf(this.environment()));
}
