import { BreakpointObserver } from '@angular/cdk/layout';
import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  DOCUMENT,
  type ElementRef,
  inject,
  signal,
  viewChild,
} from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { mdiArchiveArrowDownOutline, mdiArchiveOutline, mdiClose, mdiFilterVariant } from '@mdi/js';
import { firstValueFrom, map, type Observable } from 'rxjs';
import type { Schemas } from '../ui/api.ts';
import { EmptyState } from '../ui/empty-state.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { focusHeading } from '../ui/focus-heading.ts';
import { formatNumber } from '../ui/format.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RowList } from '../ui/row-list.ts';
import { SearchField } from '../ui/search-field.ts';
import { Session } from '../ui/session.ts';
import { Toasts } from '../ui/toasts.ts';
import { BackUpDialog, type BackUpChoice, type BackUpStarted } from './back-up-dialog.ts';
import { fittingColumns, gridOf } from './backup-columns.ts';
import { ALL_BACKUPS, BACKUP_SORTS, filtersOf, queryTextOf, type BackupSort } from './backup-filters.ts';
import { BackupRow } from './backup-row.ts';
import { SORT_LABELS } from './backup-words.ts';
import { BackupsStore } from './backups.store.ts';
import { BulkDeleteDialog, type BulkDelete } from './bulk-delete-dialog.ts';
import { BulkTagDialog } from './bulk-tag-dialog.ts';
import type { BulkTag } from './bulk-tags.ts';
import { ChosenColumns } from './chosen-columns.ts';
import { ColumnsMenu } from './columns-menu.ts';
import { FilterPanel } from './filter-panel.ts';
import { ListHead } from './list-head.ts';
import { ViewsMenu } from './views-menu.ts';

/** As in backup-row.scss. */
const NARROW = '(max-width: 839.98px)';

/** Every backup there is: found, looked at, chosen and changed together. */
@Component({
  selector: 'hf-backups-page',
  imports: [
    ...[BackupRow, ColumnsMenu, EmptyState, FilterPanel, Icon, ListHead, MatButton, May, PageHeader, RowList],
    ...[ErrorPanel, SearchField, ViewsMenu],
  ],
  providers: [BackupsStore],
  templateUrl: './backups-page.html',
  styleUrl: './backups-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BackupsPage {
  private readonly dialog = inject(MatDialog);
  private readonly document = inject(DOCUMENT);
  private readonly toasts = inject(Toasts);
  private readonly columns = inject(ChosenColumns);
  private readonly session = inject(Session);
  private readonly listed = viewChild.required<ElementRef<HTMLElement>>('listed');
  private readonly width = signal(0);
  protected readonly store = inject(BackupsStore);
  protected readonly icons = {
    ...{ backups: mdiArchiveOutline, backUp: mdiArchiveArrowDownOutline, close: mdiClose },
    ...{ filters: mdiFilterVariant },
  };
  protected readonly sorts = BACKUP_SORTS.map((value) => ({ value, label: SORT_LABELS[value] }));
  protected readonly panelOpen = signal(false);

  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );
  protected readonly shownColumns = computed(() => fittingColumns(this.columns.ids(), this.width()));
  protected readonly grid = computed(() => gridOf(this.shownColumns()));
  protected readonly mayChoose = computed(() => this.session.may('backup.edit') || this.session.may('backup.delete'));
  protected readonly viewQuery = computed(() => queryTextOf(this.store.filters()));
  /** Also while nothing is there yet: rows do not move when they come. */
  protected readonly headed = computed(() => {
    const { items, state } = this.store.list;
    return !this.narrow() && (state() === 'loading' || items().length > 0);
  });
  protected readonly allChosen = computed(() => {
    const items = this.store.list.items();
    return items.length > 0 && items.every(({ id }) => this.store.selection.has(id));
  });
  protected readonly count = computed(() => {
    const shown = this.store.list.items().length;
    const things = shown === 1 ? '1 backup' : `${formatNumber(shown)} backups`;
    return this.store.list.complete() ? things : `The first ${things}`;
  });
  protected readonly activeWords = computed(() =>
    this.store
      .active()
      .map(({ label }) => label)
      .join(', '),
  );

  constructor() {
    const destroyed = inject(DestroyRef);
    afterNextRender(() => {
      const observer = new ResizeObserver(([entry]) => this.width.set(entry?.contentRect.width ?? 0));
      observer.observe(this.listed().nativeElement);
      destroyed.onDestroy(() => observer.disconnect());
    });
  }

  protected sortBy(sort: string): void {
    this.store.show({ sort: sort as BackupSort });
  }

  protected showView(query: string): void {
    this.store.show({ ...ALL_BACKUPS, ...filtersOf(new URLSearchParams(query)) });
  }

  /** Those that are read by now; what a later page brings is not among them. */
  protected chooseAll(on: boolean): void {
    this.store.selection.set(this.store.list.items(), on);
  }

  protected async backUp(): Promise<void> {
    const { environmentId } = this.store.filters();
    const data: BackUpChoice = { environments: this.store.environments(), environmentId };
    const ref = this.dialog.open<BackUpDialog, BackUpChoice, BackUpStarted>(BackUpDialog, { data, width: '520px' });
    const started = await firstValueFrom(ref.afterClosed(), { defaultValue: undefined });
    if (started) this.toasts.started(`The backup of ${started.environment} has begun.`, started.operationId);
  }

  protected async tag(verb: BulkTag['verb']): Promise<void> {
    const backups = this.store.selection.items();
    const ref = this.dialog.open<BulkTagDialog, BulkTag>(BulkTagDialog, { data: { backups, verb }, width: '560px' });
    await this.readAfter(ref, backups);
  }

  /** What was pressed is gone. */
  protected focusHeading(): void {
    focusHeading(this.document);
  }

  protected async remove(): Promise<void> {
    const backups = this.store.selection.items();
    const touched = new Set(backups.map(({ environmentId }) => environmentId));
    const production = this.store
      .environments()
      .filter((place) => place.production && touched.has(place.id))
      .map(({ name }) => name);
    const data: BulkDelete = { backups, production };
    const ref = this.dialog.open<BulkDeleteDialog, BulkDelete>(BulkDeleteDialog, { data, width: '560px' });
    await this.readAfter(ref, backups);
  }

  private async readAfter(
    ref: { afterClosed(): Observable<unknown> },
    backups: readonly Schemas['Backup'][],
  ): Promise<void> {
    await firstValueFrom(ref.afterClosed(), { defaultValue: undefined });
    await this.store.readEachAgain(backups.map(({ id }) => id));
  }
}
