import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { RestoreStore } from './restore.store.ts';

type Option = 'safetyBackup' | 'quarantine' | 'compareRows';

interface Question {
  option: Option;
  label: string;
  /** What null, yes and no mean. */
  answers: readonly [string, string, string];
}

const QUARANTINE: Question = {
  option: 'quarantine',
  label: 'Jobs, webhooks and foreign servers',
  answers: ['Start switched off in copies', 'Start switched off', 'Run as soon as it is there'],
};
const COMPARE: Question = {
  option: 'compareRows',
  label: 'Compare rows',
  answers: ['Unless proven already', 'Read every row again', 'Counts and catalogs alone'],
};
const SAFETY: Question = {
  option: 'safetyBackup',
  label: 'Back up the target first',
  answers: ['Where it is production', 'Yes', 'No'],
};
const ANSWERS = ['', 'yes', 'no'] as const;

/** How a restore goes about it; what the API chooses is right for most. */
@Component({
  selector: 'hf-restore-options',
  imports: [MatFormField, MatInput, MatLabel],
  template: `
    <details [open]="changed()">
      <summary>More choices</summary>
      <div class="fields">
        @for (question of questions(); track question.option) {
          <mat-form-field appearance="outline" subscriptSizing="dynamic">
            <mat-label>{{ question.label }}</mat-label>
            <select #field matNativeControl (change)="answer(question.option, field.value)">
              @for (label of question.answers; track label; let index = $index) {
                <option [value]="values[index]" [selected]="values[index] === chosen()[question.option]">
                  {{ label }}
                </option>
              }
            </select>
          </mat-form-field>
        }
      </div>
      @if (mayApplySettings()) {
        <label class="check">
          <input
            #settings
            type="checkbox"
            [checked]="store.choices().applySettings"
            (change)="store.choose({ applySettings: settings.checked })"
          />
          Change the project's settings where they differ; otherwise they are only compared
        </label>
      }
    </details>
  `,
  styleUrl: './step.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RestoreOptions {
  protected readonly store = inject(RestoreStore);
  protected readonly values = ANSWERS;
  private readonly isNew = computed(() => this.store.choices().where === 'new');
  /** A new database replaces nothing. */
  protected readonly questions = computed(() => (this.isNew() ? [QUARANTINE, COMPARE] : [SAFETY, QUARANTINE, COMPARE]));
  protected readonly mayApplySettings = computed(
    () => !this.isNew() && (this.store.backup()?.components.includes('settings') ?? false),
  );
  protected readonly chosen = computed(() => {
    const { safetyBackup, quarantine, compareRows } = this.store.choices();
    return { safetyBackup: word(safetyBackup), quarantine: word(quarantine), compareRows: word(compareRows) };
  });
  protected readonly changed = computed(
    () => Object.values(this.chosen()).some(Boolean) || this.store.choices().applySettings,
  );

  protected answer(option: Option, text: string): void {
    this.store.choose({ [option]: text === '' ? null : text === 'yes' });
  }
}

const word = (value: boolean | null): string => (value === null ? '' : value ? 'yes' : 'no');
