/** What the dashboard shows; the URL holds it. */
export interface DashboardFilters {
  /** Part of the names of environments; null: all. */
  search: string | null;
  /** Whose backups the calendar and the storage tell of; null: all. */
  environmentId: string | null;
  /** Every environment, also where there are many. */
  all: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** As the API allows it. */
const LONGEST_SEARCH = 100;

/** Filters of a URL; what is no filter is left out. */
export function filtersOf(query: { get(name: string): string | null }): DashboardFilters {
  const environment = query.get('environment');
  return {
    search: query.get('search')?.trim().slice(0, LONGEST_SEARCH) || null,
    environmentId: environment !== null && UUID.test(environment) ? environment : null,
    all: query.get('show') === 'all',
  };
}

/** The URL's query for filters; null takes a parameter out. */
export const queryOf = ({ search, environmentId, all }: DashboardFilters): Record<string, string | null> => ({
  ...{ search: search || null, environment: environmentId, show: all ? 'all' : null },
});
