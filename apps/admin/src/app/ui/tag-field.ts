import { COMMA, ENTER } from '@angular/cdk/keycodes';
import { ChangeDetectionStrategy, Component, input, model, signal, viewChild } from '@angular/core';
import { MatChipGrid, MatChipInput, MatChipRemove, MatChipRow } from '@angular/material/chips';
import { MatFormField, MatHint, MatLabel } from '@angular/material/input';
import { mdiClose } from '@mdi/js';
import { Icon } from './icon.ts';

/** As the API takes it. */
const LONGEST = 50;

/**
 * Tags, written one after the other. What is written counts when the focus goes, but not before the pointer that took it
 * is let go: the field grows by a tag, and what was pressed would slip away from under the pointer and miss its click.
 */
@Component({
  selector: 'hf-tag-field',
  imports: [Icon, MatChipGrid, MatChipInput, MatChipRemove, MatChipRow, MatFormField, MatHint, MatLabel],
  host: {
    '(document:pointerdown)': 'pressed = true',
    '(document:pointerup)': 'released()',
    '(document:pointercancel)': 'released()',
  },
  template: `
    <mat-form-field appearance="outline">
      <mat-label>{{ label() }}</mat-label>
      <mat-chip-grid #grid [attr.aria-label]="label() + ': written'">
        @for (tag of tags(); track tag) {
          <mat-chip-row (removed)="remove(tag)">
            {{ tag }}
            <button matChipRemove type="button" [attr.aria-label]="'Take ' + tag + ' away'">
              <hf-icon [path]="close" />
            </button>
          </mat-chip-row>
        }
      </mat-chip-grid>
      <input
        #field
        autocomplete="off"
        autocapitalize="off"
        [attr.maxlength]="longest"
        [matChipInputFor]="grid"
        [matChipInputSeparatorKeyCodes]="ends"
        (matChipInputTokenEnd)="add()"
        (input)="full.set(field.value.length >= longest)"
        (blur)="left()"
      />
      <mat-hint aria-live="polite">{{
        full() ? 'A tag has ' + longest + ' characters at most.' : 'Enter or a comma ends a tag.'
      }}</mat-hint>
    </mat-form-field>
  `,
  styles: `
    mat-form-field {
      width: 100%;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TagField {
  readonly label = input('Tags');
  readonly tags = model.required<readonly string[]>();
  protected readonly longest = LONGEST;
  /** Whether what is written is as long as it may be: more is not taken. */
  protected readonly full = signal(false);
  protected readonly close = mdiClose;
  protected readonly ends = [ENTER, COMMA];

  private readonly written = viewChild.required(MatChipInput);
  protected pressed = false;
  private waits = false;

  protected left(): void {
    if (this.pressed) this.waits = true;
    else this.add();
  }

  protected released(): void {
    this.pressed = false;
    if (this.waits) this.add();
  }

  protected add(): void {
    const written = this.written();
    const tag = written.inputElement.value.trim();
    this.waits = false;
    written.clear();
    this.full.set(false);
    if (tag !== '' && !this.tags().includes(tag)) this.tags.set([...this.tags(), tag]);
  }

  protected remove(tag: string): void {
    this.tags.set(this.tags().filter((one) => one !== tag));
  }
}
