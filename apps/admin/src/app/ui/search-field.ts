import { ChangeDetectionStrategy, Component, DestroyRef, effect, inject, input, output, signal } from '@angular/core';

/** How long somebody pauses before what they typed is asked for. */
const PAUSE_MS = 250;

/** A page's search, which `/` leads to: tells what was typed after a pause, and at once on Enter or when it is emptied. */
@Component({
  selector: 'hf-search-field',
  template: `
    <input
      #field
      type="search"
      autocomplete="off"
      spellcheck="false"
      [placeholder]="label()"
      [attr.aria-label]="label()"
      [attr.maxlength]="maxLength()"
      [value]="typed()"
      (input)="type(field.value)"
      (search)="tell()"
    />
  `,
  styleUrl: './search-field.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SearchField {
  readonly label = input.required<string>();
  /** What is searched for, as the URL has it. */
  readonly value = input('');
  readonly maxLength = input(200);
  readonly searched = output<string>();
  protected readonly typed = signal('');
  private told = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    effect(() => {
      const value = this.value();
      // What comes back is what we told ourselves: more may have been typed since.
      if (value !== this.told) {
        clearTimeout(this.timer);
        this.typed.set(value);
      }
      this.told = value;
    });
    inject(DestroyRef).onDestroy(() => clearTimeout(this.timer));
  }

  protected type(text: string): void {
    this.typed.set(text);
    clearTimeout(this.timer);
    if (text === '') this.tell();
    else this.timer = setTimeout(() => this.tell(), PAUSE_MS);
  }

  protected tell(): void {
    clearTimeout(this.timer);
    const words = this.typed().trim();
    if (words === this.told) return;
    this.told = words;
    this.searched.emit(words);
  }
}
