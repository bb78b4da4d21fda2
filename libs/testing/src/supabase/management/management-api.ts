import { timingSafeEqual } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { bearerOf, jsonOf, jsonArrayOf, type Answer } from '../http.ts';
import { answerFunctions } from './function-routes.ts';
import { FunctionStore } from './function-store.ts';
import { ManagementError } from './management-error.ts';
import { digestOf, SettingsStore, type Settings } from './settings-store.ts';

/** What the Management API knows of its one project. */
export interface ManagementOptions {
  dir: string;
  ref: string;
  name: string;
  /** `sbp_` and forty hexadecimal digits. */
  token: string;
  postgresMajor: number;
  /** A secret that the API shows to a token, as the real one does. */
  jwtSecret: string;
  /** What the platform itself gives to functions; listed among the secrets. */
  ownSecrets: Record<string, string>;
}

/** Answers requests below `/v1/projects`. */
export interface ManagementApi {
  answer(request: IncomingMessage, path: string): Promise<Answer>;
  functions: FunctionStore;
  /** The values that were given for secrets since the start: for the functions, never for a caller, nowhere written. */
  secrets: Map<string, string>;
}

/** The part of the Management API that a backup reads and a restore writes, with its state in files. */
export async function startManagementApi(o: ManagementOptions): Promise<ManagementApi> {
  await mkdir(join(o.dir, 'functions'), { recursive: true });
  const functions = new FunctionStore(join(o.dir, 'functions'));
  const settings = new SettingsStore(join(o.dir, 'settings.json'));
  const secrets = new Map<string, string>();
  const createdAt = new Date().toISOString();

  const project = () => ({
    id: o.ref,
    ref: o.ref,
    organization_id: 'holdfast-test',
    organization_slug: 'holdfast-test',
    name: o.name,
    region: 'eu-central-1',
    created_at: createdAt,
    status: 'ACTIVE_HEALTHY',
    database: {
      host: `db.${o.ref}.supabase.co`,
      version: `${o.postgresMajor}.0`,
      postgres_engine: String(o.postgresMajor),
      release_channel: 'ga',
    },
  });

  async function route(raw: IncomingMessage, path: string): Promise<Answer> {
    mustBeToken(raw, o.token);
    const url = new URL(path, 'http://management');
    const [ref, part, ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent);
    if (!ref && raw.method === 'GET') return { json: [project()] };
    if (ref !== o.ref) throw new ManagementError(404, 'Project not found');
    if (part === undefined && raw.method === 'GET') return { json: project() };
    if (part === 'functions') return answerFunctions(functions, raw, rest, url.searchParams);
    return answerSettings({ store: settings, secrets, o }, raw, [part ?? '', ...rest].join('/'));
  }

  return {
    functions,
    secrets,
    async answer(raw, path) {
      try {
        return await route(raw, path);
      } catch (error) {
        if (error instanceof ManagementError) return { status: error.status, json: { message: error.message } };
        if (error instanceof SyntaxError) return { status: 400, json: { message: error.message } };
        throw error;
      }
    },
  };
}

interface SettingsContext {
  store: SettingsStore;
  secrets: Map<string, string>;
  o: ManagementOptions;
}

async function answerSettings(context: SettingsContext, raw: IncomingMessage, part: string): Promise<Answer> {
  const { store, o } = context;
  const change = (apply: (settings: Settings) => void) => store.change(apply);
  switch (`${raw.method} ${part}`) {
    case 'GET config/auth':
      return { json: (await store.read()).auth };
    case 'PATCH config/auth': {
      const body = await jsonOf(raw);
      return { json: (await change((settings) => void Object.assign(settings.auth, body))).auth };
    }
    case 'GET postgrest':
      return { json: { ...(await store.read()).postgrest, jwt_secret: o.jwtSecret } };
    case 'PATCH postgrest': {
      const body = await jsonOf(raw);
      return { json: (await change((settings) => void Object.assign(settings.postgrest, body))).postgrest };
    }
    case 'GET network-restrictions':
      return { json: restrictions(await store.read()) };
    case 'POST network-restrictions/apply': {
      const body = await jsonOf(raw);
      return {
        status: 201,
        json: restrictions(await change((settings) => void Object.assign(settings.networkRestrictions, body))),
      };
    }
    case 'GET ssl-enforcement':
      return { json: { currentConfig: (await store.read()).sslEnforcement, appliedSuccessfully: true } };
    case 'PUT ssl-enforcement': {
      const { requestedConfig } = (await jsonOf(raw)) as { requestedConfig?: { database?: unknown } };
      const database = requestedConfig?.database === true;
      const { sslEnforcement } = await change((settings) => void (settings.sslEnforcement = { database }));
      return { json: { currentConfig: sslEnforcement, appliedSuccessfully: true } };
    }
    default:
      return answerSecrets(context, raw, part);
  }
}

async function answerSecrets(
  { store, secrets, o }: SettingsContext,
  raw: IncomingMessage,
  part: string,
): Promise<Answer> {
  switch (`${raw.method} ${part}`) {
    case 'GET secrets': {
      const own = Object.entries(o.ownSecrets).map(([name, value]) => digestOf(name, value));
      const all = [...own, ...(await store.read()).secrets];
      return { json: all.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    }
    case 'POST secrets': {
      const given = (await jsonArrayOf(raw)) as { name: string; value: string }[];
      const reserved = given.find(({ name }) => name.startsWith('SUPABASE_'));
      if (reserved) throw new ManagementError(400, 'Secret name must not start with the SUPABASE_ prefix.');
      await store.change((settings) => {
        const names = new Set(given.map(({ name }) => name));
        const others = settings.secrets.filter(({ name }) => !names.has(name));
        settings.secrets = [...others, ...given.map(({ name, value }) => digestOf(name, value))];
      });
      for (const { name, value } of given) secrets.set(name, value);
      return { status: 201 };
    }
    case 'DELETE secrets': {
      const names = new Set(await jsonArrayOf(raw));
      await store.change((settings) => {
        settings.secrets = settings.secrets.filter(({ name }) => !names.has(name));
      });
      for (const name of names) secrets.delete(String(name));
      return { json: {} };
    }
    default:
      throw new ManagementError(404, `Cannot ${raw.method} ${raw.url}`);
  }
}

const restrictions = ({ networkRestrictions }: Settings) => ({
  entitlement: 'allowed',
  config: networkRestrictions,
  status: 'applied',
});

function mustBeToken(raw: IncomingMessage, token: string): void {
  const given = bearerOf(raw) ?? '';
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) throw new ManagementError(401, 'Unauthorized');
}
