import { Directive, effect, inject, input } from '@angular/core';
import type { ErrorStateMatcher } from '@angular/material/core';
import { MatInput } from '@angular/material/input';

/** Shows a Material field as wrong while the API's word about it stands: `<input matInput [hfRefused]="errors.get('name')">`. */
@Directive({
  selector: '[hfRefused]',
})
export class RefusedField {
  readonly hfRefused = input.required<string | undefined>();

  constructor() {
    const matcher: ErrorStateMatcher = { isErrorState: () => this.hfRefused() !== undefined };
    const field = inject(MatInput, { self: true });
    field.errorStateMatcher = matcher;
    // Without a form control the field does not look by itself.
    effect(() => {
      this.hfRefused();
      field.updateErrorState();
    });
  }
}
