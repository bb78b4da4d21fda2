import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, input } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import {
  CategoryScale,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartConfiguration,
} from 'chart.js';
import { BaseChartDirective, provideCharts } from 'ng2-charts';
import { fromEvent, map, startWith } from 'rxjs';
import { ColorSchemeChoice } from '../shell/color-scheme.ts';
import type { Schemas } from '../ui/api.ts';
import { formatBytes } from '../ui/format.ts';
import { dayName, monthName } from './calendar-words.ts';

/** In px of the chart. */
const ROOM_FOR_MONTHS = 480;
const DARK = '(prefers-color-scheme: dark)';

/** The growth of what is stored, week by week; its figures are in the table beside it. */
@Component({
  selector: 'hf-growth-chart',
  imports: [BaseChartDirective],
  providers: [
    provideCharts({
      registerables: [LineController, LineElement, PointElement, CategoryScale, LinearScale, Filler, Tooltip],
    }),
  ],
  template: `<canvas
    baseChart
    type="line"
    role="img"
    aria-label="What backups take up, by week; the table below has the figures"
    [data]="data()"
    [options]="options()"
  ></canvas>`,
  styleUrl: './growth-chart.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GrowthChart {
  private readonly host: HTMLElement = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private readonly chosen = inject(ColorSchemeChoice).chosen;
  private readonly system = toSignal(
    fromEvent(matchMedia(DARK), 'change').pipe(
      map(() => Date.now()),
      startWith(0),
    ),
  );
  readonly growth = input.required<Schemas['StorageUsage']['growth']>();

  private readonly look = computed(() => {
    this.chosen();
    this.system();
    const of = (token: string): string => resolved(this.host, token);
    const primary = of('--mat-sys-primary');
    const family = getComputedStyle(this.host).fontFamily;
    return { family, primary, soft: of('--hf-chart-soft'), text: of('--hf-text-muted'), line: of('--hf-line') };
  });
  protected readonly data = computed(() => {
    const growth = this.growth();
    const { primary, soft } = this.look();
    return {
      labels: growth.map(({ at }) => at),
      datasets: [
        {
          ...{ label: 'In all', data: growth.map(({ storedBytes }) => storedBytes) },
          ...{ borderColor: primary, backgroundColor: soft, fill: true, borderWidth: 2 },
          ...{ pointRadius: 0, pointHitRadius: 12, tension: 0.2 },
        },
      ],
    } satisfies ChartConfiguration<'line'>['data'];
  });
  protected readonly options = computed(() => optionsOf(this.look()));
}

/** A colour as it is now: a token may hold one for each scheme. */
function resolved(host: HTMLElement, token: string): string {
  const before = host.style.color;
  host.style.color = `var(${token})`;
  const { color } = getComputedStyle(host);
  host.style.color = before;
  return color;
}

function optionsOf({
  family,
  text,
  line,
}: Record<'family' | 'text' | 'line', string>): ChartConfiguration<'line'>['options'] {
  return {
    ...{ responsive: true, maintainAspectRatio: false, animation: false },
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: {
        grid: { display: false },
        border: { color: line },
        ticks: {
          ...{ color: text, font: { family }, maxRotation: 0 },
          autoSkip: false,
          callback(value) {
            const at = Number(value);
            const monthAt = (index: number) => monthName(this.getLabelForValue(index));
            // The first week of each month has its name; where there is little room, of every third.
            if (at === 0 || monthAt(at) === monthAt(at - 1)) return '';
            const every = this.chart.width < ROOM_FOR_MONTHS ? 3 : 1;
            return new Date(this.getLabelForValue(at)).getUTCMonth() % every === 0 ? monthAt(at) : '';
          },
        },
      },
      y: {
        ...{ beginAtZero: true, grid: { color: line }, border: { display: false } },
        ticks: { color: text, font: { family }, maxTicksLimit: 5, callback: (value) => formatBytes(Number(value)) },
      },
    },
    plugins: {
      tooltip: {
        ...{ displayColors: false, titleFont: { family }, bodyFont: { family } },
        callbacks: {
          title: ([item]) => (item ? `Week from ${dayName(item.label)}` : ''),
          label: ({ parsed }) => `${formatBytes(parsed.y ?? 0)} in all`,
        },
      },
    },
  };
}
