import {
  OperationError,
  type Component,
  type CoverageGap,
  type FunctionsReport,
  type PreflightFinding,
  type SettingsReport,
} from '@holdfast/contracts';
import { functionListOf, readManifest, type Manifest } from '../manifest/manifest.ts';
import { gap } from '../postgres/inspect.ts';
import type { Repository } from '../repository/repository.ts';
import { refuseBlockers } from '../restore/preflight.ts';
import { foreignProject, wrongTargetFindings, type TargetGuard } from '../restore/wrong-target.ts';
import { Meter, type Run } from '../run.ts';
import type { FunctionsPlace } from './capture-functions.ts';
import type { ManagementEndpoint } from './management-client.ts';
import { restoreFunctions } from './restore-functions.ts';
import { restoreSettings } from './restore-settings.ts';

const SHOWN = 200;

/** What of a project is neither in its database nor in its storage. */
export type ProjectPart = Extract<Component, 'functions' | 'settings'>;

/** What of these is given back, and where it goes. */
export interface ProjectParts {
  repository: Repository;
  sourceEnvironmentId: string;
  backupId: string;
  manifestSha256?: string | null;
  /** Asked only where functions go there. Null: the target has no place for them. */
  place: () => Promise<FunctionsPlace | null>;
  /** Null: the target's settings cannot be reached. */
  management: ManagementEndpoint | null;
  /** Slugs that were asked for by name; empty: all. */
  functions: string[];
  /** What is given back as far as the backup has it. */
  wanted: readonly ProjectPart[];
  /** Of these what was asked for: it comes, or stands in the way. Of the others it is only told that they did not come. */
  named: readonly ProjectPart[];
  applySettings: boolean;
  /** Absent: the caller answers for the target. */
  guard?: TargetGuard;
  dryRun: boolean;
}

export interface RestoredParts {
  functions?: FunctionsReport;
  settings?: SettingsReport;
  gaps: CoverageGap[];
  findings: PreflightFinding[];
}

/** Does its work now that it is known to have a place. */
type Give = () => Promise<void>;

/**
 * Gives a backup's functions back and compares its settings, or says what that would do. Run it after the database: a
 * function that answers before its tables are there only fails. A second run does only what the first one did not.
 * Throws `restore.wrong_target` and `restore.preflight_failed` before anything is changed, and for what was named what
 * `restoreFunctions` and `restoreSettings` throw; a dry run tells all of this as findings.
 */
export const restoreProjectParts = (input: ProjectParts, run: Run): Promise<RestoredParts> =>
  new PartsRestore(input, run).run();

class PartsRestore {
  private readonly input: ProjectParts;
  private readonly progress: Run;
  private readonly parts: RestoredParts = { gaps: [], findings: [] };

  constructor(input: ProjectParts, progress: Run) {
    this.input = input;
    this.progress = progress;
  }

  async run(): Promise<RestoredParts> {
    const { repository, sourceEnvironmentId, backupId, manifestSha256 = null, wanted, dryRun } = this.input;
    if (wanted.length === 0) return this.parts;
    const { signal } = this.progress;
    const manifest = await readManifest(repository, sourceEnvironmentId, backupId, signal, manifestSha256);
    const gives: Partial<Record<ProjectPart, Give | null>> = {};
    for (const part of wanted) {
      await this.attempt(part, async () => {
        gives[part] = await (part === 'functions' ? this.functions(manifest) : this.settings(manifest));
      });
    }
    this.guard(manifest, Boolean(gives.functions));
    if (!dryRun) refuseBlockers(this.parts);
    for (const part of ['functions', 'settings'] as const) {
      const give = gives[part];
      if (give) await this.attempt(part, give);
    }
    return this.parts;
  }

  private async attempt(part: ProjectPart, work: () => Promise<void>): Promise<void> {
    const { named, dryRun } = this.input;
    try {
      await work();
    } catch (error) {
      this.progress.signal.throwIfAborted();
      if (!(error instanceof OperationError)) throw error;
      const isNamed = named.includes(part);
      if (isNamed && !dryRun) throw error;
      const { code, message, hint } = error;
      this.tell(part, code, isNamed ? message : `The ${part} of the backup are not given back: ${message}`, hint);
      if (!isNamed) this.parts.gaps.push(gap(`${part}-not-restored`, [part], message));
    }
  }

  private tell(part: ProjectPart, code: string, message: string, hint?: string): void {
    const severity = this.input.named.includes(part) ? 'blocker' : 'warning';
    this.parts.findings.push({ severity, code, message, ...(hint === undefined ? {} : { hint }) });
  }

  /** What is changed here is in no database, so neither its server nor what it holds tells anything. */
  private guard({ source }: Manifest, functions: boolean): void {
    const { guard, applySettings } = this.input;
    if (!guard || !(functions || applySettings)) return;
    this.parts.findings.push(...wrongTargetFindings(guard, foreignProject(guard, source)));
  }

  /** Null: the backup has none of it, or the target no place for it. */
  private async functions(manifest: Manifest): Promise<Give | null> {
    const { named, functions, dryRun, repository } = this.input;
    if (!functionListOf(manifest)) {
      if (named.includes('functions')) this.notInBackup('functions');
      return null;
    }
    const place = await this.input.place();
    if (!place) return this.leftOut('functions', 'a functions directory, or a project ref and an access token');
    return async () => {
      const common = { repository, manifest, meter: new Meter(this.progress), signal: this.progress.signal };
      const { deployed, kept, gaps } = await restoreFunctions({ ...common, place, functions, dryRun });
      this.parts.functions = { deployed, kept };
      this.parts.gaps.push(...gaps);
    };
  }

  private settings(manifest: Manifest): Give | null {
    const { named, management, applySettings, dryRun, repository } = this.input;
    if (!manifest.artifacts.some(({ kind }) => kind === 'settings')) {
      if (named.includes('settings')) this.notInBackup('settings');
      return null;
    }
    if (!management) return this.leftOut('settings', 'a project ref and an access token');
    return async () => {
      const common = { repository, manifest, meter: new Meter(this.progress), signal: this.progress.signal };
      const how = { management, apply: applySettings && !dryRun, needsAll: applySettings };
      const { applied, differences, gaps } = await restoreSettings({ ...common, ...how });
      this.parts.settings = { applied, differences: differences.slice(0, SHOWN), differenceCount: differences.length };
      this.parts.gaps.push(...gaps);
    };
  }

  private notInBackup(part: ProjectPart): void {
    this.tell(part, `restore.${part}_not_in_backup`, `The backup holds no ${part}`);
  }

  private leftOut(part: ProjectPart, needed: string): null {
    const message = `The ${part} of the backup are not restored: the target has no place for them`;
    this.tell(part, `restore.${part}_left_out`, message, `Give the environment ${needed}.`);
    return null;
  }
}
