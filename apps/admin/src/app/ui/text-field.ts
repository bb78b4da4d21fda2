import { booleanAttribute, ChangeDetectionStrategy, Component, computed, input, model } from '@angular/core';
import { MatError, MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import { RefusedField } from './refused-field.ts';

/** One line of text in a form, with the API's word about it. */
@Component({
  selector: 'hf-text-field',
  imports: [MatError, MatFormField, MatHint, MatInput, MatLabel, RefusedField],
  template: `
    <mat-form-field appearance="outline" subscriptSizing="dynamic">
      <mat-label>{{ label() }}</mat-label>
      <input
        #field
        matInput
        autocapitalize="off"
        spellcheck="false"
        [attr.inputmode]="inputMode()"
        [type]="type()"
        [attr.autocomplete]="autocomplete()"
        [placeholder]="placeholder()"
        [required]="required()"
        [hfRefused]="error()"
        [value]="value()"
        (input)="value.set(field.value)"
      />
      @if (hint(); as hint) {
        <mat-hint>{{ hint }}</mat-hint>
      }
      <mat-error>{{ said() }}</mat-error>
    </mat-form-field>
  `,
  styles: `
    :host {
      display: block;
      min-width: 0;
    }

    mat-form-field {
      width: 100%;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TextField {
  readonly label = input.required<string>();
  readonly value = model.required<string>();
  /** What the API said about it: `errors.get('name')`. */
  readonly error = input<string>();
  readonly hint = input('');
  readonly placeholder = input('');
  readonly type = input<'text' | 'password' | 'url'>('text');
  readonly inputMode = input<'numeric'>();
  readonly autocomplete = input('off');
  readonly required = input(false, { transform: booleanAttribute });

  protected readonly said = computed(() => {
    const error = this.error() ?? '';
    return error.charAt(0).toUpperCase() + error.slice(1);
  });
}
