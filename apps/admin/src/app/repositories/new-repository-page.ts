import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatCheckbox } from '@angular/material/checkbox';
import { MatError, MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import { Router, RouterLink } from '@angular/router';
import { Api, type Schemas } from '../ui/api.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { formatNumber } from '../ui/format.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RefusedField } from '../ui/refused-field.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';

const REPOSITORIES: Parent = { label: 'Repositories', link: '/repositories' };

/** Attaches a repository that is there, or makes one in an empty directory. */
@Component({
  selector: 'hf-new-repository-page',
  imports: [
    ...[ErrorPanel, PageHeader, RefusedField, RouterLink],
    ...[MatButton, MatCheckbox, MatError, MatFormField, MatHint, MatInput, MatLabel],
  ],
  templateUrl: './new-repository-page.html',
  styleUrl: './new-repository-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NewRepositoryPage {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly toasts = inject(Toasts);
  protected readonly parent = REPOSITORIES;
  protected readonly submission = new Submission();
  protected readonly name = signal('');
  protected readonly path = signal('');
  protected readonly asDefault = signal(false);

  protected async add(): Promise<void> {
    const body = { name: this.name().trim(), path: this.path().trim(), default: this.asDefault() };
    const added = await this.submission.run(body, () => this.api.send('post', '/api/v1/repositories', { body }));
    if (!added) return;
    this.toasts.say(wordsOf(added));
    await this.router.navigate(['/repositories', added.id]);
  }
}

const wordsOf = ({ name, attached }: Schemas['RepositoryAttached']): string =>
  attached.created
    ? `${name} is a new repository.`
    : `${name} is attached. ${formatNumber(attached.backups)} backups lie in it.`;
