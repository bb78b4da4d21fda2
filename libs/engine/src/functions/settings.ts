import type { Difference } from '@holdfast/contracts';

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
/** One group of a project's settings, by their names. */
export type SettingGroup = Record<string, Json>;

/** How each group is read, and changed. */
export const SETTING_GROUPS = ['auth', 'postgrest', 'networkRestrictions', 'sslEnforcement'] as const;
export type SettingGroupName = (typeof SETTING_GROUPS)[number];

/** What a backup knows of a project's settings; none of it is a secret. */
export interface Settings {
  /** Groups that the token may read. */
  groups: Partial<Record<SettingGroupName, SettingGroup>>;
  /** What was dropped because it is a secret, or looks like one: `auth.smtp_pass`. */
  dropped: string[];
  /** The functions' secrets; the platform gives a digest of each value, no value. Null: the token may not read them. */
  secrets: { name: string; digest: string }[] | null;
}

/** A part of a name that says the value is a secret. */
const SECRET_WORD = /^(secrets?|pass|passwd|password|passphrase|tokens?|keys?|otp|credentials?|private)$/;
/** Names with such a part that are no secrets. */
const HARMLESS = new Set(['password_required_characters', 'sms_otp_length', 'mailer_otp_length']);

/** Whether a setting of this name may never be in the clear, whatever it is set to. */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return !HARMLESS.has(name) && words.some((word) => SECRET_WORD.test(word));
}

/** Whether a value carries a password within an address. */
const hasPassword = (value: Json): boolean =>
  typeof value === 'string' && /\b[a-z][a-z0-9+.-]*:\/\/[^/\s@]+@/i.test(value);

const isEmpty = (value: Json): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** A group without what is secret; switches and numbers are never secrets. `dropped` gets the names. */
export function withoutSecrets(group: SettingGroup, at: string, dropped: string[]): SettingGroup {
  const kept: SettingGroup = {};
  for (const [name, value] of Object.entries(group)) {
    const path = `${at}.${name}`;
    const told = typeof value !== 'boolean' && typeof value !== 'number' && !isEmpty(value);
    if (told && (isSecretName(name) || hasPassword(value))) dropped.push(path);
    else kept[name] = cleaned(value, path, dropped);
  }
  return kept;
}

function cleaned(value: Json, at: string, dropped: string[]): Json {
  if (Array.isArray(value)) return value.map((one, n) => cleaned(one, `${at}[${n}]`, dropped));
  if (value === null || typeof value !== 'object') return value;
  return withoutSecrets(value, at, dropped);
}

/** Equal whatever the order of names; of lists the order counts. */
const canonical = (value: Json): string =>
  JSON.stringify(value, (_name, inner: Json) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** The settings of a group that a project has otherwise; secrets are never among them. */
export function changedSettings(wanted: SettingGroup, found: SettingGroup): SettingGroup {
  const changed = Object.entries(wanted).filter(
    ([name, value]) =>
      !isSecretSetting(name, value, found[name]) && canonical(value) !== canonical(found[name] ?? null),
  );
  return Object.fromEntries(changed);
}

const isSecretSetting = (name: string, ...values: (Json | undefined)[]): boolean =>
  isSecretName(name) && values.some((value) => typeof value !== 'boolean' && typeof value !== 'number');

const SHOWN = 200;
const text = (value: Json | undefined): string | null => {
  if (value === undefined || value === null) return null;
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, SHOWN);
};

/** Each setting that differs, and each secret of functions that is missing or another. */
export function settingDifferences(wanted: Settings, found: Settings): Difference[] {
  const groups = SETTING_GROUPS.flatMap((group) => {
    const [before, after] = [wanted.groups[group], found.groups[group]];
    if (!before || !after) return [];
    return Object.entries(changedSettings(before, after)).map(([name, value]) => ({
      ...{ kind: 'setting', subject: `${group}.${name}`, protection: false },
      ...{ expected: text(value), found: text(after[name]) },
    }));
  });
  if (!wanted.secrets || !found.secrets) return groups;
  const there = new Map(found.secrets.map(({ name, digest }) => [name, digest]));
  // the platform's own differ in every project
  const secrets = wanted.secrets.filter(
    ({ name, digest }) => !name.startsWith('SUPABASE_') && there.get(name) !== digest,
  );
  return [
    ...groups,
    ...secrets.map(({ name }) => ({
      ...{ kind: 'secret', subject: name, protection: false },
      ...{ expected: 'as in the backup', found: there.has(name) ? 'another value' : null },
    })),
  ];
}
