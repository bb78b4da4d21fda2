import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { COMPONENTS, RESTORE_CONTENTS, type Component as Part } from '@holdfast/contracts';
import { ChoiceCards, type Card } from '../ui/choice-cards.ts';
import { ChoiceChips } from '../ui/choice-chips.ts';
import { NameList } from './name-list.ts';
import { isChosen, type What } from './restore-choices.ts';
import { RestoreStore } from './restore.store.ts';
import { SchemaPicker } from './schema-picker.ts';
import { TablePicker } from './table-picker.ts';

const CARDS: Card<What>[] = [
  { value: 'all', label: 'All of it', hint: 'Everything that the backup holds and the target can take' },
  { value: 'schemas', label: 'Some schemas', hint: 'With their tables, rows, functions and policies' },
  { value: 'tables', label: 'Some tables', hint: 'With their rows, keys and indexes' },
  { value: 'components', label: 'Some components', hint: 'Such as storage alone' },
];
const CONTENTS = { all: 'Schema and rows', schema: 'The schema alone', data: 'Rows alone' } as const;
const PARTS: Record<Part, string> = {
  ...{ database: 'Database', storage: 'Storage', functions: 'Functions', settings: 'Settings' },
};

/** First step: what of the backup is restored. */
@Component({
  selector: 'hf-what-step',
  imports: [
    ...[ChoiceCards, ChoiceChips, MatButton, MatFormField, MatInput, MatLabel, NameList, SchemaPicker, TablePicker],
  ],
  templateUrl: './what-step.html',
  styleUrl: './step.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class WhatStep {
  protected readonly store = inject(RestoreStore);
  protected readonly cards = CARDS;
  protected readonly contents = RESTORE_CONTENTS.map((value) => ({ value, label: CONTENTS[value] }));
  protected readonly parts = computed(() =>
    COMPONENTS.filter((part) => this.store.backup()?.components.includes(part)).map((value) => ({
      value,
      label: PARTS[value],
    })),
  );
  protected readonly mayGoOn = computed(() => isChosen('what', this.store.choices()));

  protected setContent(text: string): void {
    const content = RESTORE_CONTENTS.find((one) => one === text);
    if (content) this.store.choose({ content });
  }
}
