import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import { RouterLink } from '@angular/router';
import { TLS_MODES } from '@holdfast/contracts';
import type { Schemas } from '../ui/api.ts';
import { ChoiceCards, type Card } from '../ui/choice-cards.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { RefusedField } from '../ui/refused-field.ts';
import type { Submission } from '../ui/submission.ts';
import { TextField } from '../ui/text-field.ts';
import { colorOf, filledBy, projectFields, tlsModeOf, type Draft } from './environment-draft.ts';
import { KIND_CHOICES, KIND_HINTS, TLS_HINTS, TLS_LABELS } from './environment-words.ts';
import { SecretField } from './secret-field.ts';
import { UrlField } from './url-field.ts';

const COLORS = ['#1565c0', '#00796b', '#2e7d32', '#6a1b9a', '#ad1457', '#c62828', '#ef6c00', '#546e7a'];

/** The fields of an environment, new or stored; what is typed lives in the page alone. */
@Component({
  selector: 'hf-environment-form',
  imports: [
    ...[ChoiceCards, ErrorPanel, RefusedField, RouterLink, SecretField, TextField, UrlField],
    ...[MatButton, MatError, MatFormField, MatHint, MatInput, MatLabel],
  ],
  templateUrl: './environment-form.html',
  styleUrl: './environment-form.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentForm {
  readonly draft = input.required<Draft>();
  /** As it is stored; null for a new one. */
  readonly environment = input.required<Schemas['Environment'] | null>();
  readonly submission = input.required<Submission>();
  readonly verb = input.required<string>();
  /** Where one goes who changes nothing. */
  readonly back = input.required<string>();
  readonly changed = output<Partial<Draft>>();
  readonly save = output();

  protected readonly kinds: Card<Draft['kind']>[] = KIND_CHOICES.map((choice) => ({
    ...choice,
    hint: KIND_HINTS[choice.value],
  }));
  protected readonly colors = COLORS;
  protected readonly tlsModes = TLS_MODES.map((value) => ({ value, label: TLS_LABELS[value] }));
  protected readonly isNew = computed(() => this.environment() === null);
  protected readonly errors = computed(() => this.submission().fieldErrors());
  protected readonly filledBy = filledBy;
  protected readonly tlsMode = computed(() => tlsModeOf(this.draft()));
  protected readonly tlsHint = computed(() => TLS_HINTS[this.tlsMode()]);
  protected readonly checksServer = computed(() => this.tlsMode().startsWith('verify-'));
  protected readonly color = computed(() => colorOf(this.draft()));
  protected readonly fields = computed(() => projectFields(this.draft(), this.environment()));
  protected readonly projectHint = computed(() => `https://${this.draft().projectRef || '…'}.supabase.co`);

  protected setTlsMode(value: string): void {
    const tlsMode = TLS_MODES.find((mode) => mode === value);
    if (tlsMode) this.changed.emit({ tlsMode });
  }
}
