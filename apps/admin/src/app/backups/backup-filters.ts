import { BACKUP_STATUSES, COMPONENTS, type BackupStatus, type Component } from '@holdfast/contracts';
import type { Call } from '../ui/api.ts';

type Asked = NonNullable<Call<'/api/v1/backup', 'get'>['query']>;

/** Sorts of the list, in the order in which they are offered. */
export const BACKUP_SORTS = [
  ...(['-takenAt', 'takenAt', 'name', '-name'] as const),
  ...(['-sizeBytes', 'sizeBytes', '-storedBytes', 'storedBytes'] as const),
] satisfies Asked['sort'][];
export type BackupSort = (typeof BACKUP_SORTS)[number];

/** Kinds of backups: each is whole in itself. */
export const BACKUP_KINDS = ['full'] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

/** How sure it is that a backup can be given back: as the API tells them apart. */
export const PROOFS = ['proven', 'unproven', 'damaged'] as const satisfies NonNullable<Asked['proof']>;
export type Proof = (typeof PROOFS)[number];

/** What the list shows, and in which order; the URL holds it. Empty lists, empty texts and null mean all. */
export interface BackupFilters {
  search: string;
  status: readonly BackupStatus[];
  proof: readonly Proof[];
  kind: readonly BackupKind[];
  /** All of them have to be inside. */
  components: readonly Component[];
  /** It has to have all of them. */
  tags: readonly string[];
  environmentId: string | null;
  repositoryId: string | null;
  minSize: number | null;
  maxSize: number | null;
  /** Days of the reader's calendar, `2026-11-24`, both of them inside. */
  from: string | null;
  to: string | null;
  sort: BackupSort;
}

export const ALL_BACKUPS: BackupFilters = {
  ...{ search: '', status: [], proof: [], kind: [], components: [], tags: [] },
  ...{ environmentId: null, repositoryId: null },
  ...{ minSize: null, maxSize: null, from: null, to: null, sort: '-takenAt' },
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** As the API takes them. */
const MOST_TAGS = 20;
const LONGEST_TAG = 50;
const LONGEST_SEARCH = 200;
const MOST_WORDS = 10;

/** The part of a URL's query that filters read. */
interface Query {
  get(name: string): string | null;
  getAll(name: string): string[];
}

const fitting = (text: string | null, form: RegExp): string | null => (text !== null && form.test(text) ? text : null);

/** A search as the API takes it: so many words, and so long. */
const searchIn = (text: string): string =>
  text.slice(0, LONGEST_SEARCH).trim().split(/\s+/).slice(0, MOST_WORDS).join(' ');

/** Filters of a URL; what is no filter is left out, so that an old link still shows something. */
export function filtersOf(query: Query): BackupFilters {
  const among = <T extends string>(name: string, all: readonly T[]): T[] =>
    all.filter((value) => query.getAll(name).includes(value));
  const size = (name: string): number | null => {
    const text = fitting(query.get(name), /^\d{1,15}$/);
    return text === null ? null : Number(text);
  };
  const day = (name: string): string | null => {
    const text = fitting(query.get(name), DAY);
    return text === null || Number.isNaN(Date.parse(text)) ? null : text;
  };
  const tags = query.getAll('tag').filter((tag) => tag.trim() !== '' && tag.length <= LONGEST_TAG);
  const [sort = ALL_BACKUPS.sort] = among('sort', BACKUP_SORTS);
  return {
    search: searchIn(query.get('search') ?? ''),
    ...{ status: among('status', BACKUP_STATUSES), proof: among('proof', PROOFS) },
    ...{ kind: among('kind', BACKUP_KINDS), components: among('component', COMPONENTS) },
    tags: [...new Set(tags)].slice(0, MOST_TAGS),
    ...{ environmentId: fitting(query.get('environment'), UUID), repositoryId: fitting(query.get('repository'), UUID) },
    ...{ minSize: size('minSize'), maxSize: size('maxSize'), from: day('from'), to: day('to'), sort },
  };
}

/** Filters as the router writes them into the URL; null takes one out. */
export const queryOf = (filters: BackupFilters) => ({
  ...{ search: filters.search || null, status: someOf(filters.status), proof: someOf(filters.proof) },
  kind: someOf(filters.kind),
  ...{ component: someOf(filters.components), tag: someOf(filters.tags) },
  ...{ environment: filters.environmentId, repository: filters.repositoryId },
  ...{ minSize: filters.minSize, maxSize: filters.maxSize, from: filters.from, to: filters.to },
  sort: filters.sort === ALL_BACKUPS.sort ? null : filters.sort,
});

const someOf = (list: readonly string[]): readonly string[] | null => (list.length > 0 ? list : null);

/** The same as text, for a saved view; equal filters are equal texts. */
export function queryTextOf(filters: BackupFilters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryOf(filters))) {
    for (const one of value === null ? [] : [value].flat()) query.append(name, String(one));
  }
  return query.toString();
}

/** Whether fewer than all are shown; a sort shows them all. */
export const isFiltered = (filters: BackupFilters): boolean =>
  queryTextOf({ ...filters, sort: ALL_BACKUPS.sort }) !== '';

/** The filters as the API takes them; days begin and end where the reader is. */
export function askedOf(filters: BackupFilters): Asked {
  const { search, environmentId, repositoryId, minSize, maxSize, from, to, sort } = filters;
  return {
    ...{ sort, status: [...filters.status], proof: [...filters.proof], kind: [...filters.kind] },
    ...{ components: [...filters.components], tags: [...filters.tags] },
    ...(search !== '' && { search }),
    ...(environmentId !== null && { environmentId }),
    ...(repositoryId !== null && { repositoryId }),
    ...(minSize !== null && { minSize }),
    ...(maxSize !== null && { maxSize }),
    ...(from !== null && { takenAfter: startOfDay(from, 0) }),
    ...(to !== null && { takenBefore: startOfDay(to, 1) }),
  };
}

function startOfDay(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
