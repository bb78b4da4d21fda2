import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Schemas } from '../ui/api.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { roleRights } from './role-rights.ts';

/** What a worker found when it connected as a backup would: first whether a backup would work, then why. */
@Component({
  selector: 'hf-probe-report',
  imports: [BytesPipe, NumberPipe, StatusChip],
  templateUrl: './probe-report.html',
  styleUrl: './probe-report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ProbeReport {
  readonly report = input.required<Schemas['ProbeReport']>();
  protected readonly rights = computed(() => roleRights(this.report().role));
  protected readonly tls = computed(() => {
    const { used, version } = this.report().tls;
    return used ? (version ?? 'Encrypted') : 'Not encrypted';
  });
}
