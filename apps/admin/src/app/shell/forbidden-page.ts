import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { mdiLockOutline } from '@mdi/js';
import { EmptyState } from '../ui/empty-state.ts';
import { PageHeader } from '../ui/page-header.ts';
import { Session } from '../ui/session.ts';

/** In place of a page that one's role may not see. */
@Component({
  selector: 'hf-forbidden-page',
  imports: [EmptyState, PageHeader],
  template: `
    <hf-page-header heading="Not allowed" />
    <hf-empty-state [icon]="icon" heading="Your role does not include this page">
      You are signed in as {{ session.role() }}. An owner of this installation can change that.
    </hf-empty-state>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ForbiddenPage {
  protected readonly session = inject(Session);
  protected readonly icon = mdiLockOutline;
}
