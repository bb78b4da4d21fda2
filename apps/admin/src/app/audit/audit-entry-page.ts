import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { PLACES } from '../shell/navigation.ts';
import { PageTitle } from '../shell/page-title.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { formatInstant, formatNumber } from '../ui/format.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Session } from '../ui/session.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { changesOf } from './audit-changes.ts';
import { AuditEntryStore } from './audit-entry.store.ts';
import { environmentIn, nameIn, pageOf } from './audit-subject.ts';
import { actionLabel } from './audit-words.ts';

const AUDIT: Parent = { label: 'Audit', link: '/audit' };

/** One entry: who did it from where, what it names, and how that was before and became. */
@Component({
  selector: 'hf-audit-entry-page',
  imports: [ErrorPanel, MatButton, PageHeader, RelativeTime, RouterLink, Skeleton],
  providers: [AuditEntryStore],
  templateUrl: './audit-entry-page.html',
  styleUrl: './audit-entry-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class AuditEntryPage {
  private readonly session = inject(Session);
  private readonly title = inject(PageTitle);
  protected readonly store = inject(AuditEntryStore);
  /** Of the URL. */
  readonly id = input.required<string>();

  protected readonly parent = AUDIT;
  protected readonly all = signal(false);
  protected readonly heading = computed(() => {
    const entry = this.store.entry();
    return entry ? actionLabel(entry.action) : 'Audit entry';
  });
  protected readonly subject = computed(() => {
    const entry = this.store.entry();
    return entry ? (nameIn(entry) ?? entry.resourceId) : null;
  });
  /** The page of what it names, where there is one that this account may see. */
  protected readonly page = computed(() => {
    const entry = this.store.entry();
    return entry ? this.open(pageOf(entry)) : null;
  });
  protected readonly environmentPage = computed(() => {
    const id = this.store.entry()?.environmentId;
    return id ? this.open(['/environments', id]) : null;
  });
  protected readonly environmentName = computed(() => {
    const entry = this.store.entry();
    return (entry && environmentIn(entry)) ?? 'its environment';
  });
  protected readonly changes = computed(() => {
    const { before = null, after = null } = this.store.entry() ?? {};
    return changesOf(before, after, (at) => formatInstant(at));
  });
  /** What is the same on both sides is out of the way until somebody asks. */
  protected readonly same = computed(() => {
    const entry = this.store.entry();
    const both = entry?.before && entry.after;
    return both ? this.changes().filter(({ changed }) => !changed).length : 0;
  });
  protected readonly sameShown = computed(() => formatNumber(this.same()));
  protected readonly shown = computed(() =>
    this.all() || this.same() === 0 ? this.changes() : this.changes().filter(({ changed }) => changed),
  );

  constructor() {
    effect(() => this.store.open(this.id()));
    effect(() => this.title.set(this.heading()));
  }

  private open(page: string[] | null): string[] | null {
    const place = PLACES.find(({ link }) => link === page?.[0]);
    return place && this.session.may(place.permission) ? page : null;
  }
}
