import {
  booleanAttribute,
  ChangeDetectionStrategy,
  Component,
  computed,
  DOCUMENT,
  inject,
  input,
  output,
} from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { Problem } from '@holdfast/api-client';
import { mdiAlertCircleOutline } from '@mdi/js';
import { focusHeading } from './focus-heading.ts';
import { Icon } from './icon.ts';

/** A problem as the API told it: what happened, what to do, every bad field. */
@Component({
  selector: 'hf-error-panel',
  imports: [Icon, MatButton],
  host: { role: 'alert', '[class.calm]': 'calm()' },
  templateUrl: './error-panel.html',
  styleUrl: './error-panel.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ErrorPanel {
  readonly problem = input.required<Problem>();
  /** Whether trying again is offered. */
  readonly retryable = input(false, { transform: booleanAttribute });
  /** Whether the bad fields are listed; a form names them at the fields themselves. */
  readonly listFields = input(true);
  /** Of what somebody wanted to happen: no alarm. */
  readonly calm = input(false, { transform: booleanAttribute });
  readonly again = output();
  private readonly document = inject(DOCUMENT);
  protected readonly icon = mdiAlertCircleOutline;
  /** What is wrong with the address or the request itself stays wrong. */
  protected readonly mayTryAgain = computed(() => this.retryable() && this.problem().status !== 400);

  /** The panel goes while it is tried again, and the button with it. */
  protected tryAgain(): void {
    focusHeading(this.document);
    this.again.emit();
  }
}
