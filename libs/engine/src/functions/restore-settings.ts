import { OperationError, type CoverageGap, type Difference } from '@holdfast/contracts';
import { readText } from '../manifest/artifact-reader.ts';
import { textArtifact, type Manifest } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { ManagementClient, type ManagementEndpoint } from './management-client.ts';
import { applySettings, readSettings } from './project-settings.ts';
import { changedSettings, SETTING_GROUPS, settingDifferences, type Settings } from './settings.ts';

export interface RestoreSettingsInput {
  repository: Repository;
  manifest: Manifest;
  management: ManagementEndpoint;
  /** False: they are only compared. */
  apply: boolean;
  /** Whether they are to be changed, now or after this look: then each group of the backup must be readable. */
  needsAll: boolean;
  meter: Meter;
  signal: AbortSignal;
}

export interface RestoredSettings {
  /** Settings that were changed: `auth.site_url`. */
  applied: string[];
  /** What differs still. */
  differences: Difference[];
  gaps: CoverageGap[];
}

/**
 * Compares a project's settings with a backup's and, if asked to, changes those that differ. Secrets are never changed:
 * the backup has none. Throws `management.unreachable`, `backup.damaged`, and `management.refused` before anything is
 * changed where the token may read none of them, or not all that are needed.
 */
export async function restoreSettings(input: RestoreSettingsInput): Promise<RestoredSettings> {
  const { repository, manifest, management, apply, needsAll, meter, signal } = input;
  meter.step('settings', 'artifacts', SETTING_GROUPS.length);
  const text = await readText(repository, manifest, textArtifact(manifest, 'settings'), signal);
  const wanted = JSON.parse(text) as Settings;
  const client = new ManagementClient(management);
  try {
    const before = await readSettings(client, signal);
    refuseUnreadable(wanted, before.refused, needsAll);
    const applied: string[] = [];
    for (const group of apply ? SETTING_GROUPS : []) {
      const [all, found] = [wanted.groups[group], before.settings.groups[group]];
      const changed = all && found ? changedSettings(all, found) : {};
      const names = Object.keys(changed);
      if (all && names.length > 0) await applySettings(client, group, changed, all, signal);
      applied.push(...names.map((name) => `${group}.${name}`));
      meter.add(1);
    }
    const after = applied.length > 0 ? await readSettings(client, signal) : before;
    const unread = after.refused.filter((name) => name === 'secrets' || wanted.groups[name as 'auth'] !== undefined);
    const gaps = unread.length === 0 ? [] : [unreadable(unread)];
    return { applied, differences: settingDifferences(wanted, after.settings), gaps };
  } finally {
    await client.close();
  }
}

function refuseUnreadable({ groups }: Settings, refused: string[], needsAll: boolean): void {
  const held = SETTING_GROUPS.filter((name) => groups[name] !== undefined);
  const unread = held.filter((name) => refused.includes(name));
  if (unread.length === 0 || (!needsAll && unread.length < held.length)) return;
  const message = `The access token may not read these settings of the target: ${unread.join(', ')}`;
  throw new OperationError('management.refused', message, {
    hint: 'Give the environment a token that may, and check its project ref.',
  });
}

const unreadable = (subjects: string[]): CoverageGap => ({
  code: 'settings-unreadable',
  subjects,
  count: subjects.length,
  reason: 'The access token may not read these settings of the target: they were neither compared nor changed.',
});
