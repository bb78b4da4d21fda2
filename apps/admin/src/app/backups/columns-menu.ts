import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDivider } from '@angular/material/divider';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { mdiCheck, mdiTableColumn } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { COLUMNS, type Column } from './backup-columns.ts';
import { ChosenColumns } from './chosen-columns.ts';

/** Which columns the list has; it stays open while one chooses. */
@Component({
  selector: 'hf-columns-menu',
  imports: [Icon, MatButton, MatDivider, MatMenu, MatMenuItem, MatMenuTrigger],
  template: `
    <button matButton="outlined" type="button" [matMenuTriggerFor]="menu"><hf-icon [path]="icon" />Columns</button>
    <mat-menu #menu="matMenu" class="hf-wide-menu">
      @for (row of rows(); track row.column.id) {
        <button
          mat-menu-item
          role="menuitemcheckbox"
          [attr.aria-checked]="row.chosen"
          (click)="$event.stopPropagation(); chosen.toggle(row.column.id)"
        >
          <hf-icon class="hf-menu-icon" [class.hf-hidden]="!row.chosen" [path]="check" />
          {{ row.column.label }}
          @if (row.chosen && !row.shown) {
            <span class="hf-menu-note">does not fit at this width</span>
          }
        </button>
      }
      <mat-divider />
      <button mat-menu-item (click)="chosen.reset()">
        <hf-icon class="hf-menu-icon hf-hidden" [path]="check" />Reset
      </button>
    </mat-menu>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ColumnsMenu {
  /** Those that the list shows now. */
  readonly shown = input.required<readonly Column[]>();
  protected readonly chosen = inject(ChosenColumns);
  protected readonly icon = mdiTableColumn;
  protected readonly check = mdiCheck;
  protected readonly rows = computed(() =>
    COLUMNS.map((column) => ({
      ...{ column, chosen: this.chosen.ids().includes(column.id), shown: this.shown().includes(column) },
    })),
  );
}
