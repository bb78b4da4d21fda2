import { ChangeDetectionStrategy, Component, computed, input, model, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { apiResource } from '../ui/api.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { problemIn } from '../ui/problem.ts';
import { Skeleton } from '../ui/skeleton.ts';

/** As many as there is room for without a scroll bar of their own. */
const FIRST = 6;

/** The schemas of a backup, to choose from. */
@Component({
  selector: 'hf-schema-picker',
  imports: [BytesPipe, ErrorPanel, MatButton, NumberPipe, Skeleton],
  template: `
    <div class="choices">
      @if (problem(); as problem) {
        <hf-error-panel [problem]="problem" retryable (again)="contents.reload()" />
      } @else if (schemas(); as schemas) {
        <ul aria-label="Schemas of the backup">
          @for (schema of all() ? schemas : schemas.slice(0, first); track schema.name) {
            <li>
              <label>
                <input
                  #box
                  type="checkbox"
                  [checked]="names().includes(schema.name)"
                  (change)="set(schema.name, box.checked)"
                />
                <span class="name">{{ schema.name }}</span>
                <span class="figures">
                  {{ schema.tables | hfNumber }} tables, {{ schema.rows | hfNumber }} rows,
                  {{ schema.sizeBytes | hfBytes }}
                </span>
              </label>
            </li>
          }
        </ul>
        @if (!all() && schemas.length > first) {
          <button matButton type="button" (click)="all.set(true)">Show all {{ schemas.length | hfNumber }}</button>
        }
      } @else {
        <hf-skeleton height="291px" />
      }
    </div>
  `,
  styleUrl: './picker.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SchemaPicker {
  readonly backupId = input.required<string>();
  readonly names = model.required<readonly string[]>();
  protected readonly first = FIRST;
  protected readonly all = signal(false);
  protected readonly contents = apiResource('/api/v1/backup/{id}/contents', () => ({
    ...{ path: { id: this.backupId() }, query: { limit: 1 } },
  }));
  protected readonly schemas = computed(() =>
    this.contents.hasValue() ? this.contents.value().summary?.schemas : undefined,
  );
  protected readonly problem = computed(() => problemIn(this.contents));

  protected set(name: string, chosen: boolean): void {
    this.names.update((names) => (chosen ? [...names, name] : names.filter((one) => one !== name)));
  }
}
