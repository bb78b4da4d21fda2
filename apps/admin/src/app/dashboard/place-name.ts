import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { ProductionMark } from '../shell/production-mark.ts';
import type { Overview } from './dashboard.store.ts';

/** An environment's name in its colour, with the word "Production" where a mistake hurts. */
@Component({
  selector: 'hf-place-name',
  imports: [ProductionMark, RouterLink],
  template: `
    <span class="color" aria-hidden="true" [style.background]="environment().color"></span>
    <a [routerLink]="['/environments', environment().id]">{{ environment().name }}</a>
    @if (environment().production) {
      <hf-production-mark [color]="environment().color" />
    }
  `,
  styleUrl: './place-name.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PlaceName {
  readonly environment = input.required<Overview['environment']>();
}
