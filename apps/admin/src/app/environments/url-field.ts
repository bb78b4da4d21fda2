import { ChangeDetectionStrategy, Component, output, signal } from '@angular/core';
import { MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import { readConnectionUrl, type UrlFields } from './connection-url.ts';

/**
 * Takes a connection URL apart as soon as it is pasted, or typed and left. What it holds goes into the fields of the form
 * and nowhere else; the URL itself is not kept, because a password is part of it.
 */
@Component({
  selector: 'hf-url-field',
  imports: [MatFormField, MatHint, MatInput, MatLabel],
  template: `
    <mat-form-field appearance="outline" subscriptSizing="dynamic">
      <mat-label>Connection URL</mat-label>
      <input
        #field
        matInput
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        placeholder="postgresql://user:password@host:5432/database"
        (paste)="pasted($event, field)"
        (change)="take(field.value, field)"
      />
      <mat-hint>Paste it here to fill in the fields below. The URL itself is not kept.</mat-hint>
    </mat-form-field>
    <div class="said" role="status">
      @for (line of said(); track line) {
        <p>{{ line }}</p>
      }
    </div>
  `,
  styles: `
    mat-form-field {
      width: 100%;
    }

    p {
      margin: var(--hf-space-2) 0 0;
      padding: var(--hf-space-2) var(--hf-space-3);
      border-radius: var(--hf-radius-small);
      background: var(--hf-attention-soft);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UrlField {
  readonly filled = output<UrlFields>();
  protected readonly said = signal<readonly string[]>([]);

  protected pasted(event: ClipboardEvent, field: HTMLInputElement): void {
    const text = event.clipboardData?.getData('text') ?? '';
    if (this.take(text, field)) event.preventDefault();
  }

  /** Whether it was a connection, which is then gone from here. */
  protected take(text: string, field: HTMLInputElement): boolean {
    if (text.trim() === '') return false;
    const read = readConnectionUrl(text);
    if ('reason' in read) {
      this.said.set([read.reason]);
      return false;
    }
    this.said.set(read.notes);
    field.value = '';
    this.filled.emit(read.fields);
    return true;
  }
}
