import {
  CdkFixedSizeVirtualScroll,
  CdkVirtualForOf,
  CdkVirtualScrollableWindow,
  CdkVirtualScrollViewport,
} from '@angular/cdk/scrolling';
import { AsyncPipe, NgTemplateOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, computed, contentChild, input, TemplateRef } from '@angular/core';
import type { CursorList } from './cursor-list.ts';
import { ErrorPanel } from './error-panel.ts';
import { Skeleton } from './skeleton.ts';

/** How many rows before the end the next page is asked for. */
const AHEAD = 20;
const SKELETON_ROWS = 8;

/**
 * Shows a cursor list in rows of one height: only those in sight are in the page, and the window is what scrolls.
 * Its content is `<ng-template let-item>` for a row, and `[empty]` for a list without any.
 */
@Component({
  selector: 'hf-row-list',
  imports: [
    ...[CdkFixedSizeVirtualScroll, CdkVirtualForOf, CdkVirtualScrollableWindow, CdkVirtualScrollViewport],
    ...[AsyncPipe, ErrorPanel, NgTemplateOutlet, Skeleton],
  ],
  templateUrl: './row-list.html',
  styleUrl: './row-list.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RowList<T extends { id: string }> {
  readonly list = input.required<CursorList<T>>();
  /** What the list is of, for screen readers. */
  readonly label = input.required<string>();
  readonly rowHeight = input.required<number>();
  protected readonly row = contentChild.required<TemplateRef<{ $implicit: T }>>(TemplateRef);
  protected readonly skeletons = Array.from({ length: SKELETON_ROWS }, (_, index) => index);
  protected readonly height = computed(() => `${this.rowHeight()}px`);
  protected readonly isEmpty = computed(() => this.list().items().length === 0);

  protected readonly idOf = (_index: number, item: T): string => item.id;

  protected reached(lastInSight: number): void {
    const list = this.list();
    if (!list.problem() && lastInSight + AHEAD >= list.items().length) list.more();
  }
}
