import { ChangeDetectionStrategy, Component, input } from '@angular/core';

/** Stands where words will be, as high as they will be, so that nothing moves when they come. */
@Component({
  selector: 'hf-skeleton',
  host: { 'aria-hidden': 'true', '[style.width]': 'width()', '[style.height]': 'height()' },
  template: '',
  styleUrl: './skeleton.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Skeleton {
  readonly width = input('100%');
  readonly height = input('1em');
}
