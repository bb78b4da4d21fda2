import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiHarddisk } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { StatusChip } from '../ui/status-chip.ts';
import type { Repository } from './repositories.store.ts';
import type { RepositoryTest } from './repository-test.ts';

/** One repository in the list: what is in it, and whether it can be written, once somebody asked. */
@Component({
  selector: 'hf-repository-row',
  imports: [BytesPipe, Icon, MatButton, May, NumberPipe, RouterLink, StatusChip],
  templateUrl: './repository-row.html',
  styleUrl: './repository-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RepositoryRow {
  readonly repository = input.required<Repository>();
  readonly test = input.required<RepositoryTest>();
  protected readonly icon = mdiHarddisk;
}
