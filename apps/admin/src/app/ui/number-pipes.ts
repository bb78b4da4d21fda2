import { Pipe, type PipeTransform } from '@angular/core';
import { formatBytes, formatDuration, formatNumber } from './format.ts';

/** What stands for a number that nobody knows yet. */
const UNKNOWN = '—';

type Maybe = number | null | undefined;
const or = (value: Maybe, format: (value: number) => string): string => (value == null ? UNKNOWN : format(value));

/** `{{ size | hfBytes }}`: 1.23 GB. */
@Pipe({ name: 'hfBytes' })
export class BytesPipe implements PipeTransform {
  transform = (value: Maybe): string => or(value, formatBytes);
}

/** `{{ rows | hfNumber }}`: 1,234. */
@Pipe({ name: 'hfNumber' })
export class NumberPipe implements PipeTransform {
  transform = (value: Maybe): string => or(value, formatNumber);
}

/** `{{ seconds | hfDuration }}`: 1 hr 5 min. */
@Pipe({ name: 'hfDuration' })
export class DurationPipe implements PipeTransform {
  transform = (value: Maybe): string => or(value, formatDuration);
}
