import type { Search } from './needles.ts';
import type { Product } from './product.ts';
import { temporal } from './temporal-cli.ts';

interface Payload {
  metadata: Record<string, string>;
  data?: string;
}

const isPayload = (value: object): value is Payload =>
  'metadata' in value && typeof value.metadata === 'object' && value.metadata !== null && 'encoding' in value.metadata;

function payloadsIn(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null) return [];
  return isPayload(value) ? [value] : Object.values(value).flatMap(payloadsIn);
}

/** Opens payloads with the codec endpoint, as the Web UI does. */
async function decode({ stack, token }: Product, payloads: Payload[]): Promise<string> {
  const answer = await fetch(`${stack.urls.api}/api/v1/codec/decode`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ payloads }),
  });
  if (!answer.ok) throw new Error(`the codec answered ${answer.status}`);
  const opened = ((await answer.json()) as { payloads: { data: string }[] }).payloads;
  return opened.map(({ data }) => Buffer.from(data, 'base64').toString('utf8')).join('\n');
}

/** Every workflow's history as Temporal keeps it, and what its payloads say once they are opened. */
export async function readHistories(
  product: Product,
  search: Search,
): Promise<{ workflows: string[]; opened: string }> {
  const run = (...args: string[]) => temporal(product.stack.temporalAddress, 'workflow', ...args, '--output', 'json');
  const listed = JSON.parse(await run('list')) as { execution: { workflowId: string } }[];
  const workflows = listed.map(({ execution }) => execution.workflowId);
  let opened = '';
  for (const id of workflows) {
    const texts = [await run('show', '--workflow-id', id), await run('describe', '--workflow-id', id)];
    for (const text of texts) {
      search.look(`the history of ${id}`, text);
      const plain = await decode(product, payloadsIn(JSON.parse(text)));
      search.look(`the opened payloads of ${id}`, plain);
      opened += plain;
    }
  }
  return { workflows, opened };
}
