import { ChangeDetectionStrategy, Component, computed, DOCUMENT, effect, inject, input, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { RouterLink } from '@angular/router';
import type { VerifyLevel } from '@holdfast/contracts';
import { mdiArchiveOffOutline, mdiBackupRestore, mdiDownloadOutline, mdiPencilOutline } from '@mdi/js';
import { PageContext } from '../shell/page-context.ts';
import { PageTitle } from '../shell/page-title.ts';
import { Api, type Schemas } from '../ui/api.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { EmptyState } from '../ui/empty-state.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { focusHeading } from '../ui/focus-heading.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { OperationProgress } from '../ui/operation-progress.ts';
import { operationTitle } from '../ui/operation-words.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import { askForDownload } from './ask-for-download.ts';
import { BackupEdit } from './backup-edit.ts';
import { componentWords, proofOf } from './backup-words.ts';
import { BackupStore } from './backup.store.ts';
import { Contents } from './contents.ts';
import { Evidence } from './evidence.ts';
import { GapList } from './gap-list.ts';
import { Timeline } from './timeline.ts';
import { VerifyMenu } from './verify-menu.ts';

const BACKUPS: Parent = { label: 'Backups', link: '/backups' };

/** One backup: what it holds and what it does not, how sure it is that it restores, and what happened to it. */
@Component({
  selector: 'hf-backup-page',
  imports: [
    ...[BackupEdit, BytesPipe, Contents, EmptyState, ErrorPanel, Evidence, GapList, Icon, MatButton, May, NumberPipe],
    ...[OperationProgress, PageHeader, RelativeTime, RouterLink, Skeleton, StatusChip, Timeline, VerifyMenu],
  ],
  providers: [BackupStore],
  templateUrl: './backup-page.html',
  styleUrl: './backup-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BackupPage {
  private readonly api = inject(Api);
  private readonly dialog = inject(MatDialog);
  private readonly toasts = inject(Toasts);
  private readonly title = inject(PageTitle);
  protected readonly store = inject(BackupStore);
  /** Of the URL. */
  readonly id = input.required<string>();

  protected readonly parent = BACKUPS;
  protected readonly icons = {
    ...{ download: mdiDownloadOutline, edit: mdiPencilOutline, gone: mdiArchiveOffOutline },
    restore: mdiBackupRestore,
  };
  protected readonly operationTitle = operationTitle;
  protected readonly verification = new Submission();
  protected readonly downloading = new Submission();
  private readonly document = inject(DOCUMENT);
  /** The backup as it was when somebody began to change its texts; null: nobody does. */
  protected readonly editing = signal<Schemas['BackupDetail'] | null>(null);
  protected readonly heading = computed(() => this.store.backup()?.name ?? 'Backup');
  protected readonly proof = computed(() => {
    const backup = this.store.backup();
    return backup && !this.store.gone() ? proofOf(backup) : null;
  });
  /** One that is being removed is only looked at. */
  protected readonly whole = computed(() => {
    const backup = this.store.backup();
    return backup && backup.status !== 'expiring' && !this.store.gone() ? backup : null;
  });
  protected readonly inside = computed(() => (this.store.backup()?.components ?? []).map(componentWords));
  protected readonly downloadUrl = computed(() => `/api/v1/backup/${encodeURIComponent(this.id())}/download`);

  constructor() {
    effect(() => {
      this.store.open(this.id());
      this.editing.set(null);
      this.downloading.clear();
    });
    effect(() => this.title.set(this.heading()));
    inject(PageContext).declare(() => (this.store.environment.hasValue() ? this.store.environment.value() : undefined));
  }

  protected saved(backup: Schemas['BackupDetail']): void {
    this.store.learn(backup);
    this.stopEditing();
  }

  protected stopEditing(): void {
    this.editing.set(null);
    focusHeading(this.document);
  }

  protected async verify(level: VerifyLevel): Promise<void> {
    const started = await this.verification.run({ level }, (key) => this.store.verify(level, key));
    if (started) this.toasts.started('The verification has begun.', started.operationId);
    this.store.reload();
  }

  /** Lets the browser go on to the address where the API has nothing against it. */
  protected async download(event: MouseEvent, url: string): Promise<void> {
    // Whoever wants it in another tab, or saves the address, has a link as any other.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!(await this.downloading.run({ url }, () => askForDownload(this.api, this.id())))) return this.store.reload();
    const link = this.document.createElement('a');
    link.href = url;
    link.download = '';
    link.click();
  }

  protected async remove(): Promise<void> {
    const { name } = this.store.backup() ?? {};
    if (name === undefined) return;
    let operationId = '';
    const done = await confirm(this.dialog, {
      title: 'Delete this backup?',
      text: `${name} is removed for good, with all that no other backup needs. It is ${this.proof()?.label.toLowerCase()}.`,
      ...{ verb: 'Delete it', destructive: true, typedName: name },
      act: async (key) => {
        ({ operationId } = await this.store.remove(key));
      },
    });
    if (done) this.toasts.started(`${name} is being removed.`, operationId);
    this.store.reload();
  }
}
