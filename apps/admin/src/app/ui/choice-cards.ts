import { ChangeDetectionStrategy, Component, input, model } from '@angular/core';
import type { Choice } from './choice-chips.ts';

/** One of several things of which exactly one is chosen, with a word about each. */
export interface Card<T extends string> extends Choice<T> {
  hint: string;
}

let groups = 0;

/** Radio buttons as large as what they mean. */
@Component({
  selector: 'hf-choice-cards',
  template: `
    <fieldset>
      <legend [class.hf-only-said]="legendHidden()">{{ legend() }}</legend>
      <div class="cards">
        @for (card of cards(); track card.value) {
          <label [class.chosen]="card.value === chosen()">
            <input
              type="radio"
              [name]="group"
              [value]="card.value"
              [checked]="card.value === chosen()"
              (change)="chosen.set(card.value)"
            />
            <span class="label">{{ card.label }}</span>
            <span class="hint">{{ card.hint }}</span>
          </label>
        }
      </div>
    </fieldset>
  `,
  styleUrl: './choice-cards.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ChoiceCards<T extends string> {
  readonly legend = input.required<string>();
  readonly legendHidden = input(false);
  readonly cards = input.required<readonly Card<T>[]>();
  readonly chosen = model.required<T>();
  protected readonly group = `hf-cards-${(groups += 1)}`;
}
