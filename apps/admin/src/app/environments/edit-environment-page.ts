import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal } from '@angular/core';
import { Router } from '@angular/router';
import { PageContext } from '../shell/page-context.ts';
import { PageTitle } from '../shell/page-title.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import { changesOf, colorOf, draftOf, type Draft } from './environment-draft.ts';
import { EnvironmentForm } from './environment-form.ts';
import { EnvironmentStore } from './environment.store.ts';

/**
 * Changes an environment. What was typed lies over what is stored: when somebody else was faster, theirs is read, what
 * was typed stays, and it is saved on what is there now.
 */
@Component({
  selector: 'hf-edit-environment-page',
  imports: [EnvironmentForm, ErrorPanel, PageHeader, Skeleton],
  providers: [EnvironmentStore],
  templateUrl: './edit-environment-page.html',
  styleUrl: './environment-form.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EditEnvironmentPage {
  private readonly router = inject(Router);
  private readonly toasts = inject(Toasts);
  private readonly title = inject(PageTitle);
  protected readonly store = inject(EnvironmentStore);
  /** Of the URL. */
  readonly id = input.required<string>();

  protected readonly submission = new Submission();
  private readonly typed = signal<Partial<Draft>>({});
  protected readonly draft = computed((): Draft => ({ ...draftOf(this.store.environment() ?? null), ...this.typed() }));
  protected readonly heading = computed(() => `Edit ${this.store.environment()?.name ?? 'environment'}`);
  protected readonly parent = computed((): Parent => ({
    label: this.store.environment()?.name ?? 'Environment',
    link: `/environments/${this.id()}`,
  }));
  protected readonly overtaken = computed(() => this.submission.problem()?.code === 'request.if_match_failed');

  constructor() {
    effect(() => this.store.open(this.id()));
    effect(() => this.title.set(this.heading()));
    inject(PageContext).declare(() => {
      const draft = this.draft();
      return this.store.environment() && { name: draft.name, color: colorOf(draft), production: draft.production };
    });
  }

  protected type(change: Partial<Draft>): void {
    this.typed.update((typed) => ({ ...typed, ...change }));
  }

  protected async save(): Promise<void> {
    const environment = this.store.environment();
    if (!environment) return;
    const changes = changesOf(this.draft(), environment);
    if (Object.keys(changes).length === 0) return this.leave();
    const saved = await this.submission.run({}, () => this.store.change(environment, changes));
    if (saved) {
      this.toasts.say(`${saved.name} is saved.`);
      return this.leave();
    }
    if (this.overtaken()) this.store.reload();
  }

  private async leave(): Promise<void> {
    await this.router.navigateByUrl(this.parent().link);
  }
}
