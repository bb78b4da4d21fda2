import type { ProgressSnapshot } from '@holdfast/contracts';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Shows operations as bars on a terminal, one line a step elsewhere. */
export class ProgressBars {
  private readonly bars: MultiBar | null;
  private readonly lines = new Map<string, SingleBar>();
  private readonly told = new Set<string>();
  private readonly say: (line: string) => void;

  constructor(output: NodeJS.WriteStream, quiet: boolean) {
    const format = '{title} {bar} {percentage}% {detail}';
    const options = { stream: output, format, hideCursor: true, clearOnComplete: false };
    this.bars = output.isTTY && !quiet ? new MultiBar(options, Presets.shades_grey) : null;
    this.say = quiet ? () => undefined : (line) => output.write(`${line}\n`);
  }

  /** Takes one snapshot of the operation that is shown as `title`. */
  show(title: string, { progress, status }: ProgressSnapshot): void {
    const { step, steps, done, total } = progress;
    const detail = [
      step ?? status,
      ...(progress.bytes > 0 ? [megabytes(progress.bytes)] : []),
      ...(progress.rows > 0 ? [`${progress.rows} rows`] : []),
      ...(progress.etaSeconds === null ? [] : [`${Math.ceil(progress.etaSeconds)} s left`]),
    ].join(', ');
    const finished = steps.filter((entry) => entry.status === 'done' || entry.status === 'skipped').length;
    const share = total ? Math.min(1, done / total) : 0;
    const value = Math.round((100 * (finished + (step === null ? 0 : share))) / Math.max(1, steps.length));
    if (!this.bars) {
      this.tellOnce(title, step, status);
      return;
    }
    const bar = this.lines.get(title) ?? this.bars.create(100, 0, { title: title.padEnd(10), detail });
    this.lines.set(title, bar);
    bar.update(Math.max(0, value), { detail });
  }

  private tellOnce(title: string, step: string | null, status: string): void {
    const line = `${title}: ${step ?? status}`;
    if (this.told.has(line)) return;
    this.told.add(line);
    this.say(line);
  }

  /** Leaves the bars on the screen and gives the terminal back. */
  stop(): void {
    this.bars?.stop();
  }
}
