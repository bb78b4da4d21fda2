import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { PageContext } from '../shell/page-context.ts';
import { Api } from '../ui/api.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import { colorOf, creationOf, draftOf, type Draft } from './environment-draft.ts';
import { EnvironmentForm } from './environment-form.ts';

const ENVIRONMENTS: Parent = { label: 'Environments', link: '/environments' };

/** Registers an environment by its connection. */
@Component({
  selector: 'hf-new-environment-page',
  imports: [EnvironmentForm, PageHeader],
  template: `
    <hf-page-header heading="New environment" [parent]="parent">
      Nothing is changed there. You can test the connection once it is registered.
    </hf-page-header>
    <hf-environment-form
      verb="Register"
      [draft]="draft()"
      [environment]="null"
      [submission]="submission"
      [back]="parent.link"
      (changed)="type($event)"
      (save)="register()"
    />
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NewEnvironmentPage {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly toasts = inject(Toasts);
  protected readonly parent = ENVIRONMENTS;
  protected readonly submission = new Submission();
  protected readonly draft = signal<Draft>(draftOf(null));

  constructor() {
    const shown = computed(() => {
      const draft = this.draft();
      return { name: draft.name, color: colorOf(draft), production: draft.production };
    });
    inject(PageContext).declare(shown);
  }

  protected type(change: Partial<Draft>): void {
    this.draft.update((draft) => ({ ...draft, ...change }));
  }

  protected async register(): Promise<void> {
    const body = creationOf(this.draft());
    const made = await this.submission.run({}, () => this.api.send('post', '/api/v1/environments', { body }));
    if (!made) return;
    this.toasts.say(`${made.name} is registered.`);
    await this.router.navigate(['/environments', made.id]);
  }
}
