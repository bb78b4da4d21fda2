import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { textOn } from './page-context.ts';

/** Says that an environment is production, in its colour. */
@Component({
  selector: 'hf-production-mark',
  template: '<span [style.background]="color()" [style.color]="text()">Production</span>',
  styles: `
    span {
      display: inline-block;
      padding: 0 var(--hf-space-2);
      border-radius: var(--hf-radius-small);
      font: var(--mat-sys-label-medium);
      font-weight: 650;
      line-height: 24px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ProductionMark {
  readonly color = input.required<string>();
  protected readonly text = computed(() => textOn(this.color()));
}
