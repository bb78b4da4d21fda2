import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, input, linkedSignal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { RouterLink } from '@angular/router';
import { map } from 'rxjs';
import type { Schemas } from '../ui/api.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { CALENDAR_DAYS, calendarOf, daysLater, levelOf, type CalendarDay } from './calendar-days.ts';
import { dayName, dayWords, monthName, WEEKDAYS } from './calendar-words.ts';

/** As in backup-calendar.scss. */
const NARROW = '(max-width: 839.98px)';
const WEEKS = { wide: 54, narrow: 27 } as const;
/** How far each key goes, in days. */
const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 };

/** Twelve months of backups, a day a square; by keyboard a day or a week at a time, and as a table. */
@Component({
  selector: 'hf-backup-calendar',
  imports: [BytesPipe, NumberPipe, RouterLink],
  templateUrl: './backup-calendar.html',
  styleUrl: './backup-calendar.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BackupCalendar {
  private readonly host: HTMLElement = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  readonly days = input.required<Schemas['BackupCalendar']['days']>();
  /** The newest day. */
  readonly today = input.required<string>();
  /** Whose backups they are; null: of all environments. */
  readonly environmentId = input.required<string | null>();

  protected readonly weekdays = WEEKDAYS;
  protected readonly monthName = monthName;
  protected readonly dayName = dayName;
  private readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );
  private readonly first = computed(() => daysLater(this.today(), 1 - CALENDAR_DAYS));
  private readonly most = computed(() => Math.max(0, ...this.days().map(({ good }) => good)));
  protected readonly parts = computed(() =>
    calendarOf(this.first(), this.today(), this.days(), this.narrow() ? WEEKS.narrow : WEEKS.wide).map((part) => ({
      ...part,
      columns: `auto repeat(${part.weeks.length}, minmax(0, 1fr))`,
      label: `${monthName(daysOf(part.weeks)[0] ?? this.first())} to ${monthName(daysOf(part.weeks).at(-1) ?? this.today())}`,
      // The table of a grid goes by rows: one a weekday.
      rows: WEEKDAYS.map((weekday, index) => ({ weekday, cells: part.weeks.map((week) => this.cell(week[index])) })),
    })),
  );
  /** The day that is told below the squares; the only one that Tab stops at. */
  protected readonly chosen = linkedSignal(() => this.today());
  protected readonly told = computed(() => this.days().find(({ day }) => day === this.chosen()) ?? null);
  protected readonly words = computed(() => dayWords(this.chosen(), this.told()));
  /** The newest first, as far as something happened. */
  protected readonly listed = computed(() => this.days().toReversed());

  protected move(event: KeyboardEvent): void {
    const target = this.targetOf(event.key);
    if (target === null) return;
    event.preventDefault();
    const day = target < this.first() ? this.first() : target > this.today() ? this.today() : target;
    this.chosen.set(day);
    this.host.querySelector<HTMLElement>(`[data-day="${day}"]`)?.focus();
  }

  private targetOf(key: string): string | null {
    if (key === 'Home') return this.first();
    if (key === 'End') return this.today();
    const step = STEPS[key];
    return step === undefined ? null : daysLater(this.chosen(), step);
  }

  private cell(day: CalendarDay | null | undefined) {
    if (!day) return null;
    const { happened } = day;
    const trouble = (happened?.damaged ?? 0) > 0 ? 'damaged' : (happened?.failed ?? 0) > 0 ? 'failed' : '';
    const look = `level-${levelOf(happened?.good ?? 0, this.most())} ${trouble}`;
    return { day: day.day, look, words: dayWords(day.day, happened) };
  }
}

const daysOf = (weeks: (CalendarDay | null)[][]): string[] =>
  weeks.flatMap((week) => week.flatMap((day) => (day ? [day.day] : [])));
