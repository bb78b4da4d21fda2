import { ENVIRONMENT_KINDS, type EnvironmentKind } from '@holdfast/contracts';

/** What the list shows; the URL holds it. Empty and null mean all. */
export interface EnvironmentFilters {
  search: string;
  kind: readonly EnvironmentKind[];
  production: boolean | null;
}

export const ALL_ENVIRONMENTS: EnvironmentFilters = { search: '', kind: [], production: null };

/** As the API takes it. */
export const LONGEST_SEARCH = 100;

/** The part of a URL's query that filters read. */
interface Query {
  get(name: string): string | null;
  getAll(name: string): string[];
}

/** Filters of a URL; what is no filter is left out, so that an old link still shows something. */
export function filtersOf(query: Query): EnvironmentFilters {
  const production = query.get('production');
  return {
    search: (query.get('search') ?? '').slice(0, LONGEST_SEARCH),
    kind: ENVIRONMENT_KINDS.filter((kind) => query.getAll('kind').includes(kind)),
    production: production === 'true' || production === 'false' ? production === 'true' : null,
  };
}

/** Filters as the router writes them into the URL; null takes one out. */
export const queryOf = ({ search, kind, production }: EnvironmentFilters) => ({
  ...{ search: search.trim() || null, kind: kind.length > 0 ? kind : null, production },
});

export const isFiltered = ({ search, kind, production }: EnvironmentFilters): boolean =>
  search.trim() !== '' || kind.length > 0 || production !== null;

/** Filters as the API takes them. */
export const askedOf = ({ search, kind, production }: EnvironmentFilters) => ({
  ...(search.trim() !== '' && { search: search.trim() }),
  ...(kind.length > 0 && { kind: [...kind] }),
  ...(production !== null && { production: production ? ('true' as const) : ('false' as const) }),
});
