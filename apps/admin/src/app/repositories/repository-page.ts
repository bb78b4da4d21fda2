import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { MatError, MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { Router, RouterLink } from '@angular/router';
import { PageTitle } from '../shell/page-title.ts';
import type { Schemas } from '../ui/api.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { May } from '../ui/may.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RefusedField } from '../ui/refused-field.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import { RepositoryStore } from './repository.store.ts';
import { TestReport } from './test-report.ts';

const REPOSITORIES: Parent = { label: 'Repositories', link: '/repositories' };
/** Somebody else changed it since it was read. */
const CHANGED = 412;

/** One repository: what is in it, whether it can be written, and what can be changed about it. */
@Component({
  selector: 'hf-repository-page',
  imports: [
    ...[BytesPipe, ErrorPanel, May, NumberPipe, PageHeader, RefusedField, RelativeTime, RouterLink],
    ...[Skeleton, TestReport],
    ...[MatButton, MatError, MatFormField, MatInput, MatLabel],
  ],
  providers: [RepositoryStore],
  templateUrl: './repository-page.html',
  styleUrl: './repository-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RepositoryPage {
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  private readonly toasts = inject(Toasts);
  private readonly title = inject(PageTitle);
  protected readonly store = inject(RepositoryStore);
  /** Of the URL. */
  readonly id = input.required<string>();

  protected readonly parent = REPOSITORIES;
  protected readonly submission = new Submission();
  /** What was typed over the name; kept when somebody else changed it meanwhile. */
  protected readonly typed = signal<string | null>(null);
  protected readonly heading = computed(() => this.store.repository()?.name ?? 'Repository');
  protected readonly name = computed(() => this.typed() ?? this.store.repository()?.name ?? '');
  protected readonly changed = computed(() => this.name().trim() !== this.store.repository()?.name);
  protected readonly outdated = computed(() => this.submission.problem()?.status === CHANGED);

  constructor() {
    effect(() => this.store.open(this.id()));
    effect(() => this.title.set(this.heading()));
  }

  protected async rename(): Promise<void> {
    const name = this.name().trim();
    if (await this.change({ name })) this.toasts.say(`It is named ${name} now.`);
  }

  protected async makeDefault(): Promise<void> {
    if (await this.change({ default: true })) this.toasts.say(`Backups go to ${this.heading()} unless said otherwise.`);
  }

  /** Takes what somebody else made of it; what was typed stays. */
  protected readAgain(): void {
    this.submission.clear();
    this.store.reload();
  }

  protected async detach(): Promise<void> {
    const name = this.heading();
    const detached = await confirm(this.dialog, {
      title: `Detach ${name}?`,
      text: `Holdfast forgets ${name}. Its files stay where they are, and can be attached again.`,
      ...{ verb: 'Detach it', destructive: true, typedName: name },
      act: () => this.store.detach(),
    });
    if (!detached) return;
    this.toasts.say(`${name} is detached.`);
    await this.router.navigateByUrl('/repositories');
  }

  private async change(body: Schemas['UpdateRepository']): Promise<boolean> {
    const done = await this.submission.run(body, () => this.store.change(body));
    if (done && body.name !== undefined) this.typed.set(null);
    return done ?? false;
  }
}
