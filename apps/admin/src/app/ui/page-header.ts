import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { RouterLink } from '@angular/router';

/** Where a page leads back to. */
export interface Parent {
  label: string;
  link: string;
}

/** The top of every page: one h1, a sentence under it, and the page's actions. */
@Component({
  selector: 'hf-page-header',
  imports: [RouterLink],
  template: `
    @if (parent(); as up) {
      <nav aria-label="Breadcrumb">
        <a [routerLink]="up.link">{{ up.label }}</a>
      </nav>
    }
    <div class="line">
      <div class="words">
        <h1 tabindex="-1">{{ heading() }}</h1>
        <ng-content select="[beside]" />
      </div>
      <div class="actions"><ng-content select="[actions]" /></div>
    </div>
    <p class="summary"><ng-content /></p>
  `,
  styleUrl: './page-header.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PageHeader {
  readonly heading = input.required<string>();
  readonly parent = input<Parent>();
}
