import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  inject,
  input,
  linkedSignal,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { Api, type Schemas } from '../ui/api.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { RefusedField } from '../ui/refused-field.ts';
import { Submission } from '../ui/submission.ts';
import { TagField } from '../ui/tag-field.ts';
import { changedTexts, textChanges } from './text-changes.ts';

/** Changes a backup's name, description and tags where they stand. When somebody else was faster, it shows what they did. */
@Component({
  selector: 'hf-backup-edit',
  imports: [ErrorPanel, MatButton, MatError, MatFormField, MatInput, MatLabel, RefusedField, TagField],
  templateUrl: './backup-edit.html',
  styleUrl: './backup-edit.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BackupEdit {
  private readonly api = inject(Api);
  /** The backup as it was when the change began. */
  readonly base = input.required<Schemas['BackupDetail']>();
  /** What it is now; the change is over. */
  readonly saved = output<Schemas['BackupDetail']>();
  readonly cancelled = output();
  private readonly nameField = viewChild.required<ElementRef<HTMLInputElement>>('nameField');
  protected readonly submission = new Submission();
  protected readonly name = linkedSignal(() => this.base().name);
  protected readonly description = linkedSignal(() => this.base().description);
  protected readonly tags = linkedSignal<readonly string[]>(() => this.base().tags);
  /** What somebody else has made of it meanwhile. */
  protected readonly theirs = signal<Schemas['BackupDetail'] | null>(null);
  protected readonly theirChanges = computed(() => {
    const theirs = this.theirs();
    return theirs ? textChanges(this.base(), theirs) : [];
  });

  constructor() {
    afterNextRender(() => this.nameField().nativeElement.focus());
  }

  protected async save(): Promise<void> {
    const mine = { name: this.name().trim(), description: this.description(), tags: [...this.tags()] };
    const body = changedTexts(this.base(), mine);
    const theirs = this.theirs();
    const current = theirs ?? this.base();
    if (Object.keys(body).length === 0) return theirs ? this.saved.emit(theirs) : this.cancelled.emit();
    const call = { path: { id: current.id }, body };
    const changed = await this.submission.run(body, () =>
      this.api.send('patch', '/api/v1/backup/{id}', call, { ifMatch: current.version }),
    );
    if (changed) this.saved.emit(changed);
    else if (this.submission.problem()?.status === 412) await this.readTheirs();
  }

  private async readTheirs(): Promise<void> {
    const { id } = this.base();
    const theirs = await this.submission.run({ read: id }, () => this.api.get('/api/v1/backup/{id}', { path: { id } }));
    this.theirs.set(theirs);
  }
}
