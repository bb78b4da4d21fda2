import type { PostgresTarget } from '@holdfast/engine/embedded';
import { change, ensure, find, type Api } from './api-requests.ts';
import type { DataDir } from './data-dir.ts';
import type { DemoName, DemoProject } from './demo-projects.ts';

/** What the first start registered; null: not (yet). */
export interface Registered {
  repositoryId: string | null;
  /** Ids of environments. */
  demo: Record<DemoName, string> | null;
}

export interface WantedRegistration {
  /** The path of the default repository. */
  repository: string;
  /** Empty: no demo. */
  projects: DemoProject[];
  /** The server of the demo databases, where it runs. */
  demoServer: PostgresTarget | null;
  /** Signs in; only asked where something is to be said. */
  token(): Promise<string>;
}

/**
 * Registers the default repository and the demo environments through the REST interface, once: what people remove or
 * change later stays as they left it. Where a server got another port, its environments are told.
 */
export async function register(dir: DataDir, apiUrl: string, wanted: WantedRegistration): Promise<Registered> {
  let signedIn: Promise<Api> | undefined;
  const api = () => (signedIn ??= wanted.token().then((token) => ({ url: apiUrl, token })));
  const id = async (state: string, make: () => Promise<string>): Promise<string> => {
    const known = await dir.recall(state);
    if (known !== null) return known;
    const made = await make();
    await dir.remember(state, made);
    return made;
  };
  const repository = { name: 'default', driver: 'local', path: wanted.repository };
  const repositoryId = await id('repository-id', async () => ensure(await api(), 'repositories', repository));
  const ids: Partial<Record<DemoName, string>> = {};
  for (const project of wanted.projects) {
    const { name, target } = project;
    ids[name] = await id(`${name}-environment-id`, async () => {
      const made = await ensure(await api(), 'environments', { name, ...environmentOf(project) });
      await dir.remember(`${name}-registered`, placeOf(project));
      return made;
    });
    await tellMoved(dir, api, { name, id: ids[name], target, place: placeOf(project), fields: addressOf(project) });
  }
  if (wanted.demoServer) await moveEarlierDemo(dir, api, wanted.demoServer);
  return { repositoryId, demo: wanted.projects.length > 0 ? (ids as Record<DemoName, string>) : null };
}

/** Earlier versions had one database `demo`, which stays with all that refers to it, but is made no more. */
async function moveEarlierDemo(dir: DataDir, api: () => Promise<Api>, server: PostgresTarget): Promise<void> {
  const id = await dir.recall('demo-environment-id');
  if (id === null) return;
  const target = { ...server, database: 'demo' };
  const { host, port, user, password } = target;
  const fields = { host, port, user, password };
  await tellMoved(dir, api, { name: 'demo', id, target, place: String(port), fields });
}

interface Moved {
  name: string;
  id: string;
  target: PostgresTarget;
  /** Where it is now: another text than last time means that it moved. */
  place: string;
  fields: object;
}

/** Tells Holdfast where a project is now, unless its environment was removed or points elsewhere. */
async function tellMoved(dir: DataDir, api: () => Promise<Api>, moved: Moved): Promise<void> {
  const state = `${moved.name}-registered`;
  if ((await dir.recall(state)) === moved.place) return;
  const path = `environments/${moved.id}`;
  const found = await find(await api(), path);
  const { host, database } = moved.target;
  if (found?.answer['host'] === host && found.answer['database'] === database) {
    await change(await api(), path, found, moved.fields);
  }
  await dir.remember(state, moved.place);
}

const placeOf = ({ target, url }: DemoProject): string => `${target.port} ${url}`;

/** A project that runs on this machine, by what an environment says of it. */
export type LocalProject = Pick<
  DemoProject,
  'kind' | 'ref' | 'target' | 'url' | 'serviceRoleKey' | 'managementToken' | 'functionsDirectory'
>;

/** What changes when its servers move; with the secrets, because each is for one address. */
function addressOf({ kind, target: { host, port, user, password }, url, ...o }: LocalProject) {
  const management = kind === 'supabase-cloud' && { managementUrl: url, accessToken: o.managementToken };
  return { host, port, user, password, projectUrl: url, serviceKey: o.serviceRoleKey, ...management };
}

/** The fields of a project's environment, but for its name. */
export const environmentOf = (project: LocalProject) => ({
  kind: project.kind,
  projectRef: project.ref,
  database: project.target.database,
  ...addressOf(project),
  ...(project.functionsDirectory !== null && { functionsDirectory: project.functionsDirectory }),
  tlsMode: 'disable' as const,
});
