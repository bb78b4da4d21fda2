import type { Search } from './needles.ts';

/** The ids to put into paths such as `/api/v1/backup/{id}`, by the path up to there. */
export type Ids = Record<string, string[]>;

interface ApiDocument {
  paths: Record<string, { get?: { parameters?: Parameter[] } }>;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: { enum?: string[] };
}

/** The query without which a path refuses to answer: of each parameter the first value that the document names. */
function needed({ parameters = [] }: { parameters?: Parameter[] }): string {
  const query = parameters.filter((parameter) => parameter.in === 'query' && parameter.required === true);
  if (query.length === 0) return '';
  const values = query.map(({ name, schema }) => [name, schema.enum?.[0] ?? ''] as const);
  return `?${new URLSearchParams(Object.fromEntries(values))}`;
}

/** Asks for every GET of the API's own document; answers the paths that were asked for. */
export async function askEverything(api: string, token: string, ids: Ids, search: Search): Promise<string[]> {
  const document = (await (await fetch(`${api}/api/openapi.json`)).json()) as ApiDocument;
  const paths = Object.entries(document.paths).flatMap(([path, { get }]) => (get ? [`${path}${needed(get)}`] : []));
  const asked = paths.flatMap((path) => filled(path, ids));
  for (const path of asked) {
    const answer = await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
    const body = Buffer.from(await answer.arrayBuffer());
    search.look(`GET ${path}`, Buffer.concat([Buffer.from(JSON.stringify([...answer.headers])), body]));
  }
  return asked;
}

function filled(path: string, ids: Ids): string[] {
  const [before = '', after] = path.split('{id}');
  if (after === undefined) return [path];
  const known = ids[before.replace(/^\/api\/v1\/|\/$/g, '')];
  if (!known?.length) throw new Error(`no id for ${path}`);
  return known.map((id) => `${before}${id}${after}`);
}
