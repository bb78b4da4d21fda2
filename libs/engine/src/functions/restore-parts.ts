import {
  OperationError,
  type Component,
  type CoverageGap,
  type FunctionsReport,
  type PreflightFinding,
  type SettingsReport,
} from '@holdfast/contracts';
import { functionListOf, readManifest } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';
import { Meter, type Run } from '../run.ts';
import type { FunctionsPlace } from './capture-functions.ts';
import type { ManagementEndpoint } from './management-client.ts';
import { restoreFunctions } from './restore-functions.ts';
import { restoreSettings } from './restore-settings.ts';

const SHOWN = 200;

/** What of a project is neither in its database nor in its storage, and where it goes. */
export interface ProjectParts {
  repository: Repository;
  sourceEnvironmentId: string;
  backupId: string;
  manifestSha256?: string | null;
  /** Null: the target has no place for functions. */
  place: FunctionsPlace | null;
  /** Null: the target's settings cannot be reached. */
  management: ManagementEndpoint | null;
  /** Slugs that were asked for by name. */
  functions: string[];
  /** Of these all that the backup has comes, although nothing was asked for by name. */
  everything: readonly Component[];
  applySettings: boolean;
  dryRun: boolean;
}

export interface RestoredParts {
  functions?: FunctionsReport;
  settings?: SettingsReport;
  gaps: CoverageGap[];
  findings: PreflightFinding[];
}

/**
 * Gives a backup's functions back and compares its settings, or says what that would do. Run it after the database: a
 * function that answers before its tables are there only fails. A second run does only what the first one did not.
 * Throws what `restoreFunctions` and `restoreSettings` throw, and `restore.preflight_failed` for what was asked for by
 * name and has no place.
 */
export async function restoreProjectParts(input: ProjectParts, run: Run): Promise<RestoredParts> {
  const { repository, sourceEnvironmentId, backupId, manifestSha256 = null, place, management } = input;
  const { functions, everything, applySettings, dryRun } = input;
  const named = functions.length > 0;
  if (everything.length === 0 && !named && !applySettings) return { gaps: [], findings: [] };
  const { signal } = run;
  const manifest = await readManifest(repository, sourceEnvironmentId, backupId, signal, manifestSha256);
  const common = { repository, manifest, meter: new Meter(run), signal };
  const parts: RestoredParts = { gaps: [], findings: [] };
  const hasSettings = manifest.artifacts.some(({ kind }) => kind === 'settings');
  // before anything is changed
  if (applySettings && (!hasSettings || !management)) throw noPlace(hasSettings, 'settings');
  if (named && !place) throw noPlace(true, 'functions');
  if (named || (everything.includes('functions') && functionListOf(manifest))) {
    if (!place)
      parts.findings.push(leftOut('functions', 'a functions directory, or a project ref and an access token'));
    else {
      const { deployed, kept, gaps } = await restoreFunctions({ ...common, place, functions, dryRun });
      parts.functions = { deployed, kept };
      parts.gaps.push(...gaps);
    }
  }
  if (applySettings || (everything.includes('settings') && hasSettings)) {
    if (!management) parts.findings.push(leftOut('settings', 'a project ref and an access token'));
    else {
      const apply = applySettings && !dryRun;
      const { applied, differences, gaps } = await restoreSettings({ ...common, management, apply });
      parts.settings = { applied, differences: differences.slice(0, SHOWN), differenceCount: differences.length };
      parts.gaps.push(...gaps);
    }
  }
  return parts;
}

function noPlace(inBackup: boolean, what: string): OperationError {
  if (!inBackup) return new OperationError('restore.preflight_failed', `The backup holds no ${what}`);
  return new OperationError('restore.preflight_failed', `The target has no place for ${what}`, {
    hint: 'Give the environment a project ref and an access token, or a functions directory.',
  });
}

const leftOut = (what: string, needed: string): PreflightFinding => ({
  severity: 'warning',
  code: `restore.${what}_left_out`,
  message: `The ${what} of the backup are not restored: the target has no place for them`,
  hint: `Give the environment ${needed}.`,
});
