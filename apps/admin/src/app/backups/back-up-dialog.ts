import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatCheckbox } from '@angular/material/checkbox';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogRef,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatError, MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import type { Component as Part } from '@holdfast/contracts';
import { Api, type Schemas } from '../ui/api.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { RefusedField } from '../ui/refused-field.ts';
import { Submission } from '../ui/submission.ts';
import { TagField } from '../ui/tag-field.ts';
import { COMPONENT_CHOICES } from './backup-words.ts';

/** What can be backed up, and what is thought of first. */
export interface BackUpChoice {
  environments: readonly Schemas['Environment'][];
  environmentId: string | null;
}

/** Which backup has begun. */
export interface BackUpStarted {
  environment: string;
  operationId: string;
}

/** Starts a backup; answers the operation that makes it. */
@Component({
  selector: 'hf-back-up-dialog',
  imports: [
    ...[ErrorPanel, MatButton, MatCheckbox, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
    ...[MatError, MatFormField, MatHint, MatInput, MatLabel, RefusedField, TagField],
  ],
  templateUrl: './back-up-dialog.html',
  styleUrl: './back-up-dialog.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BackUpDialog {
  private readonly api = inject(Api);
  private readonly ref = inject<MatDialogRef<BackUpDialog, BackUpStarted>>(MatDialogRef);
  protected readonly asked = inject<BackUpChoice>(MAT_DIALOG_DATA);
  protected readonly submission = new Submission();
  protected readonly environmentId = signal(
    this.asked.environmentId ?? (this.asked.environments.length === 1 ? (this.asked.environments[0]?.id ?? '') : ''),
  );
  protected readonly name = signal('');
  protected readonly tags = signal<readonly string[]>([]);
  /** All that the environment can give, or what is chosen below. */
  protected readonly everything = signal(true);
  protected readonly components = signal<readonly Part[]>(['database']);
  protected readonly choices = COMPONENT_CHOICES;
  protected readonly environment = computed(() =>
    this.asked.environments.find(({ id }) => id === this.environmentId()),
  );
  /** The API names the components that the environment cannot give one by one. */
  protected readonly componentErrors = computed(() =>
    [...this.submission.fieldErrors()].filter(([at]) => at.startsWith('components')).map(([, message]) => message),
  );

  protected toggle(part: Part, on: boolean): void {
    this.components.update((old) => [...old.filter((one) => one !== part), ...(on ? [part] : [])]);
  }

  protected async start(): Promise<void> {
    const environment = this.environment();
    if (!environment) return;
    const name = this.name().trim();
    const body = {
      ...{ environmentId: environment.id, tags: [...this.tags()] },
      ...(name !== '' && { name }),
      ...(!this.everything() && { components: [...this.components()] }),
    };
    const started = await this.submission.run(body, (idempotencyKey) =>
      this.api.send('post', '/api/v1/backup', { body }, { idempotencyKey }),
    );
    if (started) this.ref.close({ environment: environment.name, operationId: started.operationId });
  }
}
