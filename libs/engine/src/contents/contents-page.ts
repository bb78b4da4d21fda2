import type { ContentItem, ContentsAnswer, ContentsQuestion } from '@holdfast/contracts';
import type { BackupContents } from './contents.ts';

const fits = (item: ContentItem, { kinds, schema, search }: ContentsQuestion): boolean =>
  (kinds.length === 0 || kinds.includes(item.kind)) &&
  (schema === null || item.schema === schema) &&
  (search === null ||
    (item.schema === null ? item.name : `${item.schema}.${item.name}`).toLowerCase().includes(search));

/** The contents that a question asks for. */
export function pageOfContents({ items, summary }: BackupContents, asked: ContentsQuestion): ContentsAnswer {
  const question = { ...asked, search: asked.search?.toLowerCase() ?? null };
  const page: ContentItem[] = [];
  for (let at = asked.from; at < items.length; at++) {
    const item = items[at];
    if (!item || !fits(item, question)) continue;
    if (page.length === asked.limit) return { items: page, next: at, summary };
    page.push(item);
  }
  return { items: page, next: null, summary };
}
