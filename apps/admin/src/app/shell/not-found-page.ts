import { ChangeDetectionStrategy, Component } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiMapMarkerQuestionOutline } from '@mdi/js';
import { EmptyState } from '../ui/empty-state.ts';
import { PageHeader } from '../ui/page-header.ts';

/** For an address that is none of the console's. */
@Component({
  selector: 'hf-not-found-page',
  imports: [EmptyState, MatButton, PageHeader, RouterLink],
  template: `
    <hf-page-header heading="Not found" />
    <hf-empty-state [icon]="icon" heading="There is no page at this address">
      The address may be mistyped, or of another version of Holdfast.
      <a matButton="outlined" routerLink="/" actions>Go to the start</a>
    </hf-empty-state>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NotFoundPage {
  protected readonly icon = mdiMapMarkerQuestionOutline;
}
