import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** A secret as the API shows it: its value is the SHA-256 of the true one. */
export interface SecretDigest {
  name: string;
  value: string;
  updated_at: string;
}

/** The settings that a token can read, in one file. */
export interface Settings {
  auth: Record<string, unknown>;
  postgrest: Record<string, unknown>;
  networkRestrictions: { dbAllowedCidrs: string[]; dbAllowedCidrsV6: string[] };
  sslEnforcement: { database: boolean };
  secrets: SecretDigest[];
}

/** What a new project is set to. */
const DEFAULTS: Settings = {
  auth: {
    site_url: 'http://localhost:3000',
    uri_allow_list: '',
    disable_signup: false,
    jwt_exp: 3600,
    mailer_autoconfirm: false,
    mailer_otp_exp: 3600,
    password_min_length: 6,
    password_required_characters: null,
    external_email_enabled: true,
    external_phone_enabled: false,
    external_anonymous_users_enabled: false,
    external_google_enabled: false,
    external_google_client_id: null,
    external_google_secret: null,
    mfa_max_enrolled_factors: 10,
    refresh_token_rotation_enabled: true,
    security_refresh_token_reuse_interval: 10,
    sessions_timebox: 0,
    rate_limit_email_sent: 2,
    smtp_host: null,
    smtp_user: null,
    smtp_pass: null,
    hook_custom_access_token_enabled: false,
  },
  postgrest: {
    db_schema: 'public,graphql_public',
    db_extra_search_path: 'public, extensions',
    max_rows: 1000,
    db_pool: null,
  },
  networkRestrictions: { dbAllowedCidrs: ['0.0.0.0/0'], dbAllowedCidrsV6: ['::/0'] },
  sslEnforcement: { database: false },
  secrets: [],
};

/** Reads and writes the settings' file, one change after the other. */
export class SettingsStore {
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Settings> {
    const text = await readFile(this.#path, 'utf8').catch(() => null);
    return text === null
      ? structuredClone(DEFAULTS)
      : { ...structuredClone(DEFAULTS), ...(JSON.parse(text) as Settings) };
  }

  change(apply: (settings: Settings) => void): Promise<Settings> {
    const changed = this.#last.then(async () => {
      const settings = await this.read();
      apply(settings);
      await writeFile(this.#path, JSON.stringify(settings, null, 2));
      return settings;
    });
    this.#last = changed.catch(() => undefined);
    return changed;
  }
}

export const digestOf = (name: string, value: string, at = new Date()): SecretDigest => ({
  name,
  value: createHash('sha256').update(value).digest('hex'),
  updated_at: at.toISOString(),
});
