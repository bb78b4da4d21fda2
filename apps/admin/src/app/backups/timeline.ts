import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiCameraOutline, mdiCheck } from '@mdi/js';
import type { Schemas } from '../ui/api.ts';
import type { CursorList } from '../ui/cursor-list.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { Icon } from '../ui/icon.ts';
import { KIND_ICONS, operationTitle, STATUS_TONES, statusLabel } from '../ui/operation-words.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { StatusChip } from '../ui/status-chip.ts';

/** What happened to a backup, the newest first: every operation on it, and when it became what it is. */
@Component({
  selector: 'hf-timeline',
  imports: [ErrorPanel, Icon, MatButton, RelativeTime, RouterLink, StatusChip],
  templateUrl: './timeline.html',
  styleUrl: './timeline.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Timeline {
  readonly backup = input.required<Schemas['Backup']>();
  readonly operations = input.required<CursorList<Schemas['Operation']>>();
  protected readonly icons = { taken: mdiCameraOutline, completed: mdiCheck };
  protected readonly rows = computed(() =>
    this.operations()
      .items()
      .map((operation) => ({
        ...{ id: operation.id, icon: KIND_ICONS[operation.kind], title: operationTitle(operation) },
        ...{ tone: STATUS_TONES[operation.status], status: statusLabel(operation), actor: operation.actor.name },
        at: operation.finishedAt ?? operation.startedAt ?? operation.createdAt,
      })),
  );
}
