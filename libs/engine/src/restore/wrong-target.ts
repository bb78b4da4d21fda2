import type { PreflightFinding } from '@holdfast/contracts';
import type { ManifestSource } from '../manifest/manifest.ts';

/** What the control plane knows of a target, to tell it from where the backup came from. */
export interface TargetGuard {
  environmentId: string;
  environmentName: string;
  /** The Supabase projects of target and source; null: none, or not known. */
  projectRef: string | null;
  sourceProjectRef: string | null;
  /** What whoever asked typed as the target's name; null: nothing. */
  confirm: string | null;
}

type Source = Pick<ManifestSource, 'environmentId' | 'environmentName' | 'systemIdentifier' | 'database'>;

/** Why the project of a target is another than the one that a backup came from; empty: nothing says so. */
export function foreignProject(
  guard: Pick<TargetGuard, 'environmentId' | 'projectRef' | 'sourceProjectRef'>,
  source: Pick<Source, 'environmentId' | 'environmentName'>,
): string[] {
  const reasons: string[] = [];
  if (guard.environmentId !== source.environmentId)
    reasons.push(`the backup is of environment ${source.environmentName}`);
  const { projectRef, sourceProjectRef } = guard;
  if (projectRef !== null && sourceProjectRef !== null && projectRef !== sourceProjectRef) {
    reasons.push(`the backup is of project ${sourceProjectRef}, the target is ${projectRef}`);
  }
  return reasons;
}

/**
 * Why a target is not proven to be the database that a backup came from; empty: it is the same. A copy of a cluster's
 * files has its system identifier too, so that alone proves nothing.
 */
export function strangenessOf(
  guard: Pick<TargetGuard, 'environmentId' | 'projectRef' | 'sourceProjectRef'>,
  source: Source,
  there: { systemIdentifier: string | null; database: string },
): string[] {
  const reasons = foreignProject(guard, source);
  const [was, is] = [source.systemIdentifier, there.systemIdentifier];
  if (was === null || is === null) reasons.push('the role may not read the system identifier of both servers');
  else if (was !== is) reasons.push(`the backup's server has the system identifier ${was}, the target's has ${is}`);
  if (source.database !== there.database) {
    reasons.push(`the backup is of database ${source.database}, the target is ${there.database}`);
  }
  return reasons;
}

/** A blocker until the target's name was typed; afterwards a warning that says what is replaced. */
export function wrongTargetFindings(
  { environmentName, confirm }: TargetGuard,
  reasons: readonly string[],
): PreflightFinding[] {
  if (reasons.length === 0) return [];
  const message = `${environmentName} is not proven to be where the backup came from: ${reasons.join('; ')}`;
  const code = 'restore.wrong_target';
  if (confirm === environmentName) return [{ severity: 'warning', code, message }];
  const hint = `Send confirm: ${JSON.stringify(environmentName)} to replace what it holds, or restore into a new database.`;
  return [{ severity: 'blocker', code, message, hint }];
}

/** Whether what acts by itself is switched off in what is restored, and what the pre-flight says of it. */
export function quarantineFindings(
  asked: boolean | 'copies' | undefined,
  isCopy: boolean,
): { quarantined: boolean; findings: PreflightFinding[] } {
  const quarantined = asked === 'copies' ? isCopy : asked === true;
  if (quarantined) {
    const message = 'Scheduled jobs, webhooks and foreign servers of what is restored start switched off';
    const hint = 'Release them with POST /progress/:id/release; quarantine: false restores them running.';
    return { quarantined, findings: [{ severity: 'note', code: 'restore.quarantined', message, hint }] };
  }
  if (!isCopy || asked !== false) return { quarantined, findings: [] };
  const message = 'Scheduled jobs, webhooks and foreign servers of the copy run as soon as it is there';
  return { quarantined, findings: [{ severity: 'warning', code: 'restore.unquarantined', message }] };
}
