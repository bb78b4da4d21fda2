import { computed, DestroyRef, inject, Injectable, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router, type NavigationBehaviorOptions } from '@angular/router';
import { liveOperation } from '../shell/live-operation.ts';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cancelOperation } from '../ui/cancel-operation.ts';
import { problemIn } from '../ui/problem.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import {
  choicesOf,
  isSameRestore,
  newDatabaseOf,
  placeOf,
  queryOf,
  requestOf,
  type RestoreChoices,
  type RestorePlace,
  type Step,
} from './restore-choices.ts';
import { isCheckOf, refusedNamesOf, reportOf } from './restore-report.ts';

/** As many as one page of the API holds. */
const MOST_ENVIRONMENTS = 200;
/** The API waits for a worker that long, and a little longer. */
const RELEASE_MS = 45_000;
/** Whoever chooses or types further down stays there. */
const IN_PLACE: NavigationBehaviorOptions = { replaceUrl: true, scroll: 'manual' };

/** A restore from its choices to its report. The URL holds where it is, so that a reload goes on there. */
@Injectable()
export class RestoreStore {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly toasts = inject(Toasts);
  private readonly route = inject(ActivatedRoute);
  private readonly query = toSignal(this.route.queryParamMap, { requireSync: true });
  private readonly backupId = signal<string | undefined>(undefined);
  private readonly readBackup = apiResource('/api/v1/backup/{id}', () => {
    const id = this.backupId();
    return id === undefined ? undefined : { path: { id } };
  });
  private readonly readEnvironments = apiResource('/api/v1/environments', () => ({
    query: { limit: MOST_ENVIRONMENTS },
  }));

  readonly backup = computed(() => (this.readBackup.hasValue() ? this.readBackup.value() : undefined));
  readonly problem = computed(() => problemIn(this.readBackup));
  readonly place = computed(() => placeOf(this.query()));
  readonly choices = computed(() => choicesOf(this.query(), this.backup()?.environmentId ?? ''));
  readonly environments = computed(() => (this.readEnvironments.hasValue() ? this.readEnvironments.value().items : []));

  // Computed: another step in the address is no reason to read them again.
  readonly check = liveOperation(computed(() => this.place().preflight ?? undefined));
  readonly run = liveOperation(computed(() => this.place().operation ?? undefined));

  /** Of the environment that receives it, as far as it is chosen. */
  readonly targetId = computed(() => {
    const restored = this.run.operation()?.environmentId;
    if (restored) return restored;
    const { where, environmentId } = this.choices();
    const own = this.backup()?.environmentId;
    if (where === 'own') return own;
    return environmentId ?? (where === 'new' ? own : undefined);
  });
  private readonly readTarget = apiResource('/api/v1/environments/{id}', () => {
    const id = this.targetId();
    return id === undefined ? undefined : { path: { id } };
  });
  readonly target = computed(() => (this.readTarget.hasValue() ? this.readTarget.value() : undefined));
  /** Why nothing can be chosen or restored into. */
  readonly placesProblem = computed(() => problemIn(this.readTarget) ?? problemIn(this.readEnvironments));

  /** The dry run's report; null while there is none, or where it is of something else. */
  readonly checkReport = computed(() => {
    const operation = this.check.operation();
    return operation && !this.isForeignCheck() ? reportOf(operation) : null;
  });
  readonly isForeignCheck = computed(() => {
    const [operation, backupId] = [this.check.operation(), this.backupId()];
    if (!operation || backupId === undefined || !this.backup()) return false;
    const wanted = { backupId, environmentId: this.targetId(), newDatabase: newDatabaseOf(this.choices()) };
    return !isCheckOf(operation, wanted);
  });
  /** An address may name any operation. */
  readonly isForeignRun = computed(() => {
    const operation = this.run.operation();
    if (!operation) return false;
    return operation.kind !== 'restore' || operation.dryRun || operation.backupId !== this.backupId();
  });
  readonly checking = new Submission();
  readonly starting = new Submission();

  /** What was said of the chosen tables or schemas: it stands where they were typed, until they are changed. */
  readonly refusedNames = computed(() =>
    refusedNamesOf(this.checking.problem(), this.isForeignCheck() ? undefined : this.check.operation()),
  );

  /** Whoever has left the wizard is not led back by an answer. */
  private left = false;

  constructor() {
    inject(DestroyRef).onDestroy(() => (this.left = true));
  }

  open(backupId: string): void {
    this.backupId.set(backupId);
  }

  reload(): void {
    this.readBackup.reload();
  }

  readPlacesAgain(): void {
    for (const read of [this.readTarget, this.readEnvironments]) if (read.error()) read.reload();
  }

  /** Changes choices. What was checked before was something else. */
  choose(change: Partial<RestoreChoices>): void {
    this.checking.clear();
    void this.go({ preflight: null, operation: null }, { ...this.choices(), ...change }, IN_PLACE);
  }

  show(step: Step): void {
    this.starting.clear();
    void this.go({ step, operation: null });
  }

  /** Looks at the target without changing anything, and shows what it finds. */
  async lookAtTarget(): Promise<void> {
    const [choices, backupId] = [this.choices(), this.backupId()];
    const isStillAsked = () => !this.left && this.backupId() === backupId && isSameRestore(this.choices(), choices);
    await this.start(this.checking, requestOf(choices, { dryRun: true }), async ({ operationId }) => {
      // A report of something else would be read as what is chosen now.
      if (isStillAsked()) await this.go({ step: 'check', preflight: operationId, operation: null }, choices);
    });
    if (!isStillAsked()) this.checking.clear();
    else if (this.refusedNames() !== undefined) await this.showNames();
  }

  /** Leads back to where names were typed that are refused; what was refused stays to be seen there. */
  async showNames(): Promise<void> {
    await this.go({ step: 'what', operation: null }, this.choices(), IN_PLACE);
  }

  /** Restores; `confirm` is the target's name as it was typed. */
  async restore(confirm: string | null): Promise<void> {
    const [choices, backupId, { preflight }] = [this.choices(), this.backupId(), this.place()];
    await this.start(this.starting, requestOf(choices, { dryRun: false, confirm }), async ({ operationId }) => {
      // It restores what was chosen then, whatever was chosen since. Back leads to the choices, and not to a button that
      // would restore once more.
      if (this.left || this.backupId() !== backupId) this.toasts.started('The restore has begun.', operationId);
      else await this.go({ step: 'run', preflight, operation: operationId }, choices, { replaceUrl: true });
    });
  }

  async cancel(): Promise<void> {
    await cancelOperation(this.api, this.toasts, this.place().operation ?? '');
    this.run.reload();
  }

  /** Switches on again what a copy's quarantine switched off. */
  async release(): Promise<Schemas['ReleaseReport']> {
    const id = this.place().operation ?? '';
    const call = { path: { id } };
    const report = await this.api.send('post', '/api/v1/progress/{id}/release', call, { timeoutMs: RELEASE_MS });
    this.run.reload();
    return report;
  }

  /** Busy until the page shows what was started: no click comes between. */
  private async start(
    submission: Submission,
    body: Schemas['RestoreBackup'],
    then: (started: Schemas['OperationStarted']) => Promise<void>,
  ): Promise<void> {
    const call = { path: { id: this.backupId() ?? '' }, body };
    await submission.run(call, async (idempotencyKey) =>
      then(await this.api.send('post', '/api/v1/backup/{id}/restore', call, { idempotencyKey })),
    );
  }

  private go(
    place: Partial<RestorePlace>,
    choices = this.choices(),
    how: NavigationBehaviorOptions = {},
  ): Promise<boolean> {
    const queryParams = { ...queryOf(choices), ...this.place(), ...place };
    return this.router.navigate([], { relativeTo: this.route, queryParams, ...how });
  }
}
