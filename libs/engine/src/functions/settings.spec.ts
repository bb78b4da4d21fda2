import { describe, expect, it } from 'vitest';
import { changedSettings, isSecretName, settingDifferences, withoutSecrets, type SettingGroup } from './settings.ts';

const SECRET = [
  ...['smtp_pass', 'jwt_secret', 'external_google_secret', 'sms_twilio_auth_token', 'sms_vonage_api_key'],
  ...['sms_messagebird_access_key', 'hook_send_sms_secrets', 'security_captcha_secret', 'sms_test_otp', 'privateKey'],
];
const OPEN = [
  ...['site_url', 'uri_allow_list', 'external_google_client_id', 'mailer_templates_invite_content', 'smtp_host'],
  ...['password_required_characters', 'db_schema', 'security_captcha_provider', 'external_google_url'],
];

describe('a setting', () => {
  it.each(SECRET)('%s is a secret', (name) => {
    const dropped: string[] = [];
    expect(withoutSecrets({ [name]: 'told', deep: { [name]: 'told' } }, 'auth', dropped)).toEqual({ deep: {} });
    expect(dropped).toEqual([`auth.${name}`, `auth.deep.${name}`]);
    expect(isSecretName(name)).toBe(true);
  });

  it.each(OPEN)('%s is none', (name) => {
    expect(withoutSecrets({ [name]: 'told' }, 'auth', [])).toEqual({ [name]: 'told' });
  });

  it('that is a switch or a number is never a secret, and one that is not set is kept as such', () => {
    const group = { refresh_token_rotation_enabled: true, rate_limit_token_refresh: 5, smtp_pass: null };
    expect(withoutSecrets(group, 'auth', [])).toEqual(group);
  });

  it('that is an address with a password in it is a secret', () => {
    const dropped: string[] = [];
    const group = { hook_send_sms_uri: 'https://me:word@hooks.example/x', site_url: 'https://shop.example/@me' };
    expect(withoutSecrets(group, 'auth', dropped)).toEqual({ site_url: 'https://shop.example/@me' });
    expect(dropped).toEqual(['auth.hook_send_sms_uri']);
  });
});

describe('a comparison', () => {
  it('sees values and not the order of names, and never a secret', () => {
    const wanted: SettingGroup = { a: { x: 1, y: [1, 2] }, b: 'new', smtp_pass: null };
    const found: SettingGroup = { a: { y: [1, 2], x: 1 }, b: 'old', smtp_pass: 'theirs' };
    expect(changedSettings(wanted, found)).toEqual({ b: 'new' });
  });

  it('names secrets by their digests, except those of the platform', () => {
    const of = (digest: string) => [
      { name: 'MAIL', digest },
      { name: 'SUPABASE_URL', digest },
    ];
    const settings = { groups: {}, dropped: [] };
    expect(settingDifferences({ ...settings, secrets: of('1') }, { ...settings, secrets: of('2') })).toEqual([
      { kind: 'secret', subject: 'MAIL', expected: 'as in the backup', found: 'another value', protection: false },
    ]);
  });
});
