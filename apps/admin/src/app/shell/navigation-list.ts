import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { MatTooltip } from '@angular/material/tooltip';
import { RouterLink, RouterLinkActive, type IsActiveMatchOptions } from '@angular/router';
import { Icon } from '../ui/icon.ts';
import { Session } from '../ui/session.ts';
import { PLACES } from './navigation.ts';

const BELOW: IsActiveMatchOptions = {
  ...{ paths: 'subset', queryParams: 'ignored', fragment: 'ignored', matrixParams: 'ignored' },
};
const HERE: IsActiveMatchOptions = { ...BELOW, paths: 'exact' };

/** The places one may go to; with `icons`, their names are tooltips. */
@Component({
  selector: 'hf-navigation-list',
  imports: [Icon, MatTooltip, RouterLink, RouterLinkActive],
  host: { '[class.icons]': 'icons()' },
  template: `
    <ul>
      @for (place of places(); track place.link) {
        <li>
          <a
            [routerLink]="place.link"
            routerLinkActive="active"
            ariaCurrentWhenActive="page"
            [routerLinkActiveOptions]="place.link === '/' ? here : below"
            [matTooltip]="place.label"
            [matTooltipDisabled]="!icons()"
            matTooltipPosition="right"
            (click)="followed.emit()"
          >
            <hf-icon [path]="place.icon" />
            <span class="label">{{ place.label }}</span>
          </a>
        </li>
      }
    </ul>
  `,
  styleUrl: './navigation-list.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NavigationList {
  private readonly session = inject(Session);
  readonly icons = input(false);
  /** Every address is below the first one. */
  protected readonly here = HERE;
  protected readonly below = BELOW;
  readonly followed = output();
  protected readonly places = computed(() => PLACES.filter(({ permission }) => this.session.may(permission)));
}
