import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  type ElementRef,
  input,
  linkedSignal,
  model,
  viewChild,
} from '@angular/core';
import { MatError, MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import { RefusedField } from '../ui/refused-field.ts';

const namesIn = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

/** Names, one a line. */
@Component({
  selector: 'hf-name-list',
  imports: [MatError, MatFormField, MatHint, MatInput, MatLabel, RefusedField],
  template: `
    <mat-form-field appearance="outline" subscriptSizing="dynamic">
      <mat-label>{{ label() }}</mat-label>
      <textarea
        #field
        matInput
        rows="4"
        autocapitalize="off"
        spellcheck="false"
        [placeholder]="placeholder()"
        [hfRefused]="error()"
        [value]="text()"
        (input)="type(field.value)"
      ></textarea>
      <mat-hint>{{ hint() }}</mat-hint>
      <mat-error>{{ error() }}</mat-error>
    </mat-form-field>
  `,
  styles: `
    mat-form-field {
      width: 100%;
      max-width: 560px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NameList {
  readonly label = input.required<string>();
  readonly placeholder = input('');
  readonly names = model.required<readonly string[]>();
  readonly hint = input('One a line');
  readonly error = input<string>();
  /** As it is typed: a line that has only begun stays. */
  protected readonly text = linkedSignal<readonly string[], string>({
    source: this.names,
    computation: (names, before) => {
      const typed = before?.value ?? '';
      return namesIn(typed).join('\n') === names.join('\n') ? typed : names.join('\n');
    },
  });

  private readonly field = viewChild.required<ElementRef<HTMLTextAreaElement>>('field');

  constructor() {
    // Whoever is led back here is led to what is wrong.
    afterNextRender(() => {
      if (this.error() !== undefined) this.field().nativeElement.focus();
    });
  }

  protected type(text: string): void {
    this.text.set(text);
    this.names.set(namesIn(text));
  }
}
