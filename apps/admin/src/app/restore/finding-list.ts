import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { PreflightFinding } from '@holdfast/contracts';
import { mdiAlertOutline, mdiCloseCircleOutline, mdiInformationOutline } from '@mdi/js';
import { Icon } from '../ui/icon.ts';

const ICONS = { danger: mdiCloseCircleOutline, attention: mdiAlertOutline, neutral: mdiInformationOutline } as const;

/** What the API's hints say in words of requests, said in words of this page. */
const HINTS: Record<string, string> = {
  'restore.wrong_target': 'The name of the target is typed below, if this is meant.',
  'storage.left_out':
    "Objects go back into an environment's own project: not into a new database, nor with some tables.",
  'storage.no_endpoint': 'Edit the target environment: it needs a project URL and a service key.',
  'restore.quarantined': 'They are switched on again from the report, once you release them.',
};

/** Findings of one severity; nothing where there are none. */
@Component({
  selector: 'hf-finding-list',
  imports: [Icon],
  template: `
    @if (told().length > 0) {
      <h3>{{ heading() }}</h3>
      <ul>
        @for (finding of told(); track $index) {
          <li [class]="tone()">
            <hf-icon [path]="icons[tone()]" />
            <div>
              <p>{{ finding.message }}</p>
              @if (finding.hint) {
                <p class="hint">{{ finding.hint }}</p>
              }
            </div>
          </li>
        }
      </ul>
    }
  `,
  styleUrl: './finding-list.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FindingList {
  readonly heading = input.required<string>();
  readonly tone = input.required<keyof typeof ICONS>();
  readonly findings = input.required<readonly PreflightFinding[]>();
  protected readonly icons = ICONS;
  protected readonly told = computed(() =>
    this.findings().map(({ message, code, hint }) => ({ message, hint: hint && (HINTS[code] ?? hint) })),
  );
}
