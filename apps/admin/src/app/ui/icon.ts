import { booleanAttribute, ChangeDetectionStrategy, Component, input } from '@angular/core';

/** One path of Material Design Icons (`@mdi/js`). Decoration, unless it has a label. */
@Component({
  selector: 'hf-icon',
  host: { '[class.large]': 'large()' },
  template: `
    <svg
      viewBox="0 0 24 24"
      [attr.role]="label() ? 'img' : null"
      [attr.aria-label]="label()"
      [attr.aria-hidden]="!label()"
    >
      <path [attr.d]="path()" />
    </svg>
  `,
  styleUrl: './icon.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Icon {
  readonly path = input.required<string>();
  readonly label = input<string>();
  readonly large = input(false, { transform: booleanAttribute });
}
