import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Icon } from '../ui/icon.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { actionLabel, iconOf } from './audit-words.ts';
import type { AuditEntry } from './audit.store.ts';
import { subjectIn } from './audit-subject.ts';

/** One entry in the list; all of it is one link. */
@Component({
  selector: 'hf-audit-row',
  imports: [Icon, RelativeTime, RouterLink],
  template: `
    <hf-icon class="kind" [path]="icon()" />
    <a class="title" [routerLink]="['/audit', entry().id]">{{ title() }}</a>
    <span class="subject">{{ subject() }}</span>
    <span class="who">{{ entry().actorName }}</span>
    <code class="from">{{ entry().ip }}</code>
    <span class="when"><hf-time [at]="entry().at" [focusable]="false" /></span>
  `,
  styleUrl: './audit-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class AuditRow {
  readonly entry = input.required<AuditEntry>();
  protected readonly icon = computed(() => iconOf(this.entry().resourceKind));
  protected readonly title = computed(() => actionLabel(this.entry().action));
  protected readonly subject = computed(() => subjectIn(this.entry()) ?? '');
}
