import { ChangeDetectionStrategy, Component, input, model } from '@angular/core';

/** One of several things to choose. */
export interface Choice<T extends string> {
  value: T;
  label: string;
}

/** A filter of which any number may be chosen; none means all. */
@Component({
  selector: 'hf-choice-chips',
  template: `
    <div role="group" [attr.aria-label]="label()">
      @for (choice of choices(); track choice.value) {
        <button type="button" [attr.aria-pressed]="isChosen(choice.value)" (click)="toggle(choice.value)">
          {{ choice.label }}
        </button>
      }
    </div>
  `,
  styleUrl: './choice-chips.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ChoiceChips<T extends string> {
  readonly label = input.required<string>();
  readonly choices = input.required<readonly Choice<T>[]>();
  readonly chosen = model.required<readonly T[]>();

  protected isChosen(value: T): boolean {
    return this.chosen().includes(value);
  }

  protected toggle(value: T): void {
    this.chosen.update((old) => (old.includes(value) ? old.filter((one) => one !== value) : [...old, value]));
  }
}
