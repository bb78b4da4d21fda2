import type { ManagementClient } from './management-client.ts';
import { SETTING_GROUPS, withoutSecrets, type SettingGroup, type SettingGroupName, type Settings } from './settings.ts';

/** Where a group is read, and how what was read becomes settings and settings become a change. */
interface GroupAccess {
  path: string;
  settingsOf: (answer: Record<string, unknown>) => unknown;
  change: {
    method: 'PATCH' | 'POST' | 'PUT';
    path: string;
    bodyOf: (changed: SettingGroup, all: SettingGroup) => unknown;
  };
}

const ACCESS: Record<SettingGroupName, GroupAccess> = {
  auth: {
    path: 'config/auth',
    settingsOf: (answer) => answer,
    change: { method: 'PATCH', path: 'config/auth', bodyOf: (changed) => changed },
  },
  postgrest: {
    path: 'postgrest',
    settingsOf: (answer) => answer,
    change: { method: 'PATCH', path: 'postgrest', bodyOf: (changed) => changed },
  },
  networkRestrictions: {
    path: 'network-restrictions',
    settingsOf: ({ config }) => config,
    // the list that is applied replaces the one before, so all of it is sent
    change: { method: 'POST', path: 'network-restrictions/apply', bodyOf: (_changed, all) => all },
  },
  sslEnforcement: {
    path: 'ssl-enforcement',
    settingsOf: ({ currentConfig }) => currentConfig,
    change: { method: 'PUT', path: 'ssl-enforcement', bodyOf: (_changed, all) => ({ requestedConfig: all }) },
  },
};

/** Settings as far as the token may read them; `refused` names what it may not. */
export interface ReadSettings {
  settings: Settings;
  refused: string[];
}

/** Reads a project's settings, without secrets. Throws `management.unreachable`, `management.refused`. */
export async function readSettings(client: ManagementClient, signal: AbortSignal): Promise<ReadSettings> {
  const settings: Settings = { groups: {}, dropped: [], secrets: null };
  const refused: string[] = [];
  for (const group of SETTING_GROUPS) {
    const answer = await client.read<Record<string, unknown>>(ACCESS[group].path, signal);
    const found = 'value' in answer ? ACCESS[group].settingsOf(answer.value) : null;
    if (found === null || typeof found !== 'object') refused.push(group);
    else settings.groups[group] = withoutSecrets(found as SettingGroup, group, settings.dropped);
  }
  const secrets = await client.read<{ name: string; value: string }[]>('secrets', signal);
  if ('refused' in secrets) refused.push('secrets');
  // the API shows a digest where the value was; anything else is not kept
  else settings.secrets = secrets.value.map(({ name, value }) => ({ name, digest: DIGEST.test(value) ? value : '' }));
  return { settings, refused };
}

const DIGEST = /^[0-9a-f]{64}$/;

/** Changes a group of a project's settings: only what differs, never a secret. */
export function applySettings(
  client: ManagementClient,
  group: SettingGroupName,
  changed: SettingGroup,
  all: SettingGroup,
  signal: AbortSignal,
): Promise<void> {
  const { method, path, bodyOf } = ACCESS[group].change;
  return client.send(method, path, bodyOf(changed, all), signal);
}
