import type { ProjectAccess } from '../project-server.ts';

const TIMEOUT_MS = 30_000;

/** Sources below `supabase/functions`, as they lie in a project's folder; they need nothing from elsewhere. */
export const FUNCTION_SOURCES: Record<string, string> = {
  '_shared/answer.ts': `export const answer = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json; charset=utf-8' } });
`,
  'greet/index.ts': `import { answer } from '../_shared/answer.ts';

Deno.serve(async (request) => {
  const { name = 'světe' } = request.method === 'POST' ? await request.json() : {};
  return answer({ greeting: \`Ahoj \${name}\` });
});
`,
  'whoami/index.ts': `import { answer } from '../_shared/answer.ts';

Deno.serve((request) => {
  const [, payload] = (request.headers.get('authorization') ?? '').split('.');
  if (!payload) return answer({ error: 'no token' }, 401);
  const { sub, role } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  return answer({ sub, role });
});
`,
  'total/deno.json': `{ "imports": { "shared/": "../_shared/" } }
`,
  'total/prices.json': `[{ "name": "čaj", "price": 49 }, { "name": "káva", "price": 65 }]
`,
  'total/index.ts': `import { answer } from 'shared/answer.ts';

Deno.serve(async () => {
  const prices = JSON.parse(await Deno.readTextFile(new URL('./prices.json', import.meta.url)));
  return answer({ total: prices.reduce((sum: number, { price }: { price: number }) => sum + price, 0) });
});
`,
};

const DEPLOYS = [
  { slug: 'greet', verify_jwt: false, files: ['greet/index.ts', '_shared/answer.ts'] },
  { slug: 'whoami', verify_jwt: true, files: ['whoami/index.ts', '_shared/answer.ts'] },
  {
    slug: 'total',
    verify_jwt: true,
    import_map: 'total/deno.json',
    static_patterns: ['supabase/functions/total/prices.json'],
    files: ['total/index.ts', 'total/deno.json', 'total/prices.json', '_shared/answer.ts'],
  },
];

/** Deploys three functions that share a folder, sets a secret and changes a setting; answers with the slugs. */
export async function fillFunctions(server: ProjectAccess): Promise<string[]> {
  for (const { slug, verify_jwt, import_map, static_patterns = [], files } of DEPLOYS) {
    const form = new FormData();
    const metadata = {
      ...{ name: slug, verify_jwt, static_patterns },
      entrypoint_path: `supabase/functions/${slug}/index.ts`,
      import_map_path: import_map ? `supabase/functions/${import_map}` : '',
    };
    form.set('metadata', JSON.stringify(metadata));
    for (const file of files) form.append('file', new Blob([FUNCTION_SOURCES[file]!]), `supabase/functions/${file}`);
    await ask(server, 'POST', `functions/deploy?slug=${slug}`, form);
  }
  await ask(server, 'POST', 'secrets', JSON.stringify([{ name: 'MAIL_API_KEY', value: 'not a real key' }]));
  await ask(server, 'PATCH', 'config/auth', JSON.stringify({ site_url: 'https://shop.example', jwt_exp: 1800 }));
  return DEPLOYS.map(({ slug }) => slug);
}

async function ask(server: ProjectAccess, method: string, path: string, body: RequestInit['body']): Promise<void> {
  const answer = await fetch(`${server.url}/v1/projects/${server.ref}/${path}`, {
    method,
    headers: { authorization: `Bearer ${server.managementToken}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    body,
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}
