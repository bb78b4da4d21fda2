import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  type ElementRef,
  inject,
  Injector,
  input,
  untracked,
  viewChild,
} from '@angular/core';
import { PageContext } from '../shell/page-context.ts';
import { PageTitle } from '../shell/page-title.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { CheckStep } from './check-step.ts';
import { STEPS, type Step } from './restore-choices.ts';
import { RestoreStore } from './restore.store.ts';
import { RunStep } from './run-step.ts';
import { WhatStep } from './what-step.ts';
import { WhereStep } from './where-step.ts';

const LABELS: Record<Step, string> = { what: 'What', where: 'Where', check: 'Check', run: 'Restore' };

/** Gives a backup back, step by step: what, where, what that would do, and how it went. */
@Component({
  selector: 'hf-restore-page',
  imports: [
    ...[BytesPipe, CheckStep, ErrorPanel, NumberPipe, PageHeader, RelativeTime, RunStep, Skeleton],
    ...[WhatStep, WhereStep],
  ],
  providers: [RestoreStore],
  templateUrl: './restore-page.html',
  styleUrl: './restore-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RestorePage {
  protected readonly store = inject(RestoreStore);
  /** Of the URL: the backup's. */
  readonly id = input.required<string>();

  private readonly stepHeading = viewChild<ElementRef<HTMLElement>>('stepHeading');
  protected readonly parent = computed((): Parent => ({
    label: this.store.backup()?.name ?? 'Backup',
    link: `/backups/${this.id()}`,
  }));
  protected readonly heading = computed(() => {
    const name = this.store.backup()?.environmentName;
    return name === undefined ? 'Restore' : `Restore ${name}`;
  });
  protected readonly step = computed(() => this.store.place().step);
  protected readonly steps = computed(() => {
    const at = STEPS.indexOf(this.step());
    const { preflight, operation } = this.store.place();
    return STEPS.map((step, index) => ({
      ...{ step, label: LABELS[step], current: index === at, done: index < at },
      // While it restores, the steps before are what it was asked for, and no way back.
      link: operation === null && index !== at && (index < at || (step === 'check' && preflight !== null)),
    }));
  });
  protected readonly label = computed(() => LABELS[this.step()]);

  constructor() {
    const title = inject(PageTitle);
    const injector = inject(Injector);
    effect(() => this.store.open(this.id()));
    effect(() => title.set(this.heading()));
    inject(PageContext).declare(() => this.store.target());
    let shown: Step | null = null;
    effect(() => {
      const step = this.step();
      const moved = shown !== null && shown !== step;
      shown = step;
      // Whoever pressed a button that is gone is told where they are; at a field that is refused, it takes the focus.
      const refused = step === 'what' && untracked(this.store.refusedNames) !== undefined;
      if (moved && !refused) afterNextRender(() => untracked(this.stepHeading)?.nativeElement.focus(), { injector });
    });
  }
}
