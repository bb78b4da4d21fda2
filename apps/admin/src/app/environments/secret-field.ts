import { ChangeDetectionStrategy, Component, computed, input, model } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { TextField } from '../ui/text-field.ts';

/** A secret that is stored already or not: it is never shown, kept while nothing is typed, and can be taken away. */
@Component({
  selector: 'hf-secret-field',
  imports: [MatButton, TextField],
  template: `
    <hf-text-field
      type="password"
      autocomplete="new-password"
      [label]="label()"
      [required]="required()"
      [hint]="words()"
      [error]="error()"
      [value]="value() ?? ''"
      (valueChange)="value.set($event)"
    />
    @if (stored() && removable()) {
      @if (value() === null) {
        <button matButton type="button" (click)="value.set('')">Keep it</button>
      } @else {
        <button matButton type="button" (click)="value.set(null)">Remove it</button>
      }
    }
  `,
  styles: `
    :host {
      display: grid;
      align-items: start;
      gap: var(--hf-space-1);
      justify-items: start;
    }

    hf-text-field {
      width: 100%;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SecretField {
  readonly label = input.required<string>();
  /** Empty: as it is stored; null: to be removed. */
  readonly value = model.required<string | null>();
  readonly stored = input.required<boolean>();
  readonly removable = input(false);
  readonly required = input(false);
  readonly hint = input('');
  readonly error = input<string>();

  protected readonly words = computed(() => {
    if (this.value() === null) return 'It is removed when you save.';
    return this.stored() ? 'One is stored. It stays while this is empty.' : this.hint();
  });
}
