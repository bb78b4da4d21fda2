/** What the list shows; the URL holds it. Null means all. */
export interface AuditFilters {
  search: string | null;
  actorId: string | null;
  action: string | null;
  /** Days as the reader's clock has them, both included. */
  from: string | null;
  to: string | null;
}

export const NO_FILTERS: AuditFilters = { search: null, actorId: null, action: null, from: null, to: null };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ACTION = /^[a-z_]+\.[a-z_]+$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** As the API allows it. */
const LONGEST_SEARCH = 200;

/** The part of a URL's query that filters read. */
interface Query {
  get(name: string): string | null;
}

const fitting = (text: string | null, form: (text: string) => boolean): string | null =>
  text !== null && form(text) ? text : null;

const isDay = (text: string): boolean => DAY.test(text) && !Number.isNaN(Date.parse(`${text}T00:00`));

/** Filters of a URL; what is no filter is left out, so that an old link still shows something. */
export function filtersOf(query: Query): AuditFilters {
  return {
    search: query.get('search')?.trim().slice(0, LONGEST_SEARCH) || null,
    actorId: fitting(query.get('actor'), (text) => UUID.test(text)),
    action: fitting(query.get('action'), (text) => ACTION.test(text)),
    from: fitting(query.get('from'), isDay),
    to: fitting(query.get('to'), isDay),
  };
}

/** The URL's query for filters; null takes a parameter out. */
export const queryOf = ({ search, actorId, action, from, to }: AuditFilters): Record<string, string | null> => ({
  ...{ search: search || null, actor: actorId, action, from, to },
});

export const isFiltered = (filters: AuditFilters): boolean => Object.values(filters).some((value) => value !== null);

/** What the API is asked: a day begins and ends where the reader's clock says. */
export function askedOf({ search, actorId, action, from, to }: AuditFilters): Record<string, string> {
  const beginning = (day: string, later: number): string => {
    const at = new Date(`${day}T00:00`);
    at.setDate(at.getDate() + later);
    return at.toISOString();
  };
  return {
    ...(search !== null && { search }),
    ...(actorId !== null && { actorId }),
    ...(action !== null && { action }),
    ...(from !== null && { after: beginning(from, 0) }),
    ...(to !== null && { before: beginning(to, 1) }),
  };
}
