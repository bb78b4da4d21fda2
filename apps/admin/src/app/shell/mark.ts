import { ChangeDetectionStrategy, Component } from '@angular/core';

/** Holdfast's mark: decoration beside its name. */
@Component({
  selector: 'hf-mark',
  template: `
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M10 7v18M22 7v18M10 16h12" />
    </svg>
  `,
  styleUrl: './mark.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Mark {}
