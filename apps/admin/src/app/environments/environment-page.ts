import { ChangeDetectionStrategy, Component, computed, DestroyRef, effect, inject, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { Router, RouterLink } from '@angular/router';
import { mdiConnection, mdiPencilOutline } from '@mdi/js';
import { PageContext } from '../shell/page-context.ts';
import { PageTitle } from '../shell/page-title.ts';
import { ProductionMark } from '../shell/production-mark.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { Toasts } from '../ui/toasts.ts';
import { keptWords, KIND_LABELS, placeOf, removalWords, TLS_HINTS } from './environment-words.ts';
import { EnvironmentStore } from './environment.store.ts';
import { ProbeReport } from './probe-report.ts';

const ENVIRONMENTS: Parent = { label: 'Environments', link: '/environments' };

/** One environment: how it is reached, and whether a backup could do so now. */
@Component({
  selector: 'hf-environment-page',
  imports: [
    ...[ErrorPanel, Icon, MatButton, May, PageHeader, ProbeReport, ProductionMark, RelativeTime, RouterLink],
    Skeleton,
  ],
  providers: [EnvironmentStore],
  templateUrl: './environment-page.html',
  styleUrl: './environment-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentPage {
  private readonly destroyRef = inject(DestroyRef);
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  private readonly title = inject(PageTitle);
  private readonly toasts = inject(Toasts);
  protected readonly store = inject(EnvironmentStore);
  /** Of the URL. */
  readonly id = input.required<string>();

  protected readonly parent = ENVIRONMENTS;
  protected readonly kinds = KIND_LABELS;
  protected readonly tls = TLS_HINTS;
  protected readonly icons = { edit: mdiPencilOutline, test: mdiConnection };
  protected readonly heading = computed(() => this.store.environment()?.name ?? 'Environment');
  protected readonly place = computed(() => {
    const environment = this.store.environment();
    return environment ? placeOf(environment) : '';
  });
  protected readonly isProject = computed(() => this.store.environment()?.kind !== 'postgres');

  constructor() {
    effect(() => this.store.open(this.id()));
    effect(() => this.title.set(this.heading()));
    inject(PageContext).declare(() => this.store.environment());
  }

  protected async remove(): Promise<void> {
    const [id, name] = [this.id(), this.heading()];
    const backups = await this.store.countBackups();
    const problem = this.store.removal.problem();
    if (problem) this.toasts.failed(problem);
    // Whoever left the page meanwhile is not asked about it.
    if (backups === null || id !== this.id() || this.destroyRef.destroyed) return;
    if (backups > 0) return this.keep(name, backups);
    const removed = await confirm(this.dialog, {
      ...removalWords(name),
      ...{ verb: 'Remove', destructive: true, typedName: name },
      act: () => this.store.remove(),
    });
    if (!removed) return;
    this.toasts.say(`${name} is removed.`);
    await this.router.navigateByUrl(ENVIRONMENTS.link);
  }

  /** The API would refuse: says so before a name is typed, and leads to what stands in the way. */
  private async keep(name: string, backups: number): Promise<void> {
    const queryParams = { environment: this.id() };
    await confirm(this.dialog, {
      ...keptWords(name, backups),
      verb: 'Show its backups',
      act: () => this.router.navigate(['/backups'], { queryParams }),
    });
  }
}
