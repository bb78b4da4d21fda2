import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import type { VerifyLevel } from '@holdfast/contracts';
import { mdiShieldCheckOutline } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { LEVEL_WORDS } from './backup-words.ts';

/** The deepest first: it is what proves. */
const LEVELS: readonly VerifyLevel[] = ['restore', 'content', 'checksum', 'presence'];

/** How far a verification shall go; each level does all that the ones below it do. */
@Component({
  selector: 'hf-verify-menu',
  imports: [Icon, MatButton, MatMenu, MatMenuItem, MatMenuTrigger],
  template: `
    <button matButton="filled" type="button" [disabled]="busy()" [matMenuTriggerFor]="menu">
      <hf-icon [path]="icon" />Verify
    </button>
    <mat-menu #menu="matMenu" class="hf-wide-menu">
      @for (level of levels; track level) {
        <button mat-menu-item (click)="verify.emit(level)">
          {{ words[level].label }}<span class="hf-menu-explains">{{ words[level].does }}</span>
        </button>
      }
    </mat-menu>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class VerifyMenu {
  readonly busy = input.required<boolean>();
  readonly verify = output<VerifyLevel>();
  protected readonly levels = LEVELS;
  protected readonly words = LEVEL_WORDS;
  protected readonly icon = mdiShieldCheckOutline;
}
