import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { ChoiceCards, type Card } from '../ui/choice-cards.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { TextField } from '../ui/text-field.ts';
import { isChosen, type Where } from './restore-choices.ts';
import { RestoreOptions } from './restore-options.ts';
import { RestoreStore } from './restore.store.ts';

/** Second step: which database receives it. */
@Component({
  selector: 'hf-where-step',
  imports: [ChoiceCards, ErrorPanel, MatButton, MatFormField, MatInput, MatLabel, RestoreOptions, TextField],
  templateUrl: './where-step.html',
  styleUrl: './step.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class WhereStep {
  protected readonly store = inject(RestoreStore);
  protected readonly cards = computed((): Card<Where>[] => {
    const name = this.store.backup()?.environmentName ?? '';
    return [
      { value: 'new', label: 'A new database', hint: 'Beside what is there: nothing is replaced' },
      { value: 'own', label: `Back into ${name}`, hint: 'What is chosen is replaced there' },
      { value: 'other', label: 'Another environment', hint: 'What is chosen is replaced there' },
    ];
  });
  protected readonly ownId = computed(() => this.store.backup()?.environmentId);
  protected readonly others = computed(() => this.store.environments().filter(({ id }) => id !== this.ownId()));
  protected readonly errors = computed(() => this.store.checking.fieldErrors());
  protected readonly mayGoOn = computed(
    () => isChosen('what', this.store.choices()) && isChosen('where', this.store.choices()),
  );

  protected chooseEnvironment(id: string): void {
    this.store.choose({ environmentId: id === '' || id === this.ownId() ? null : id });
  }
}
