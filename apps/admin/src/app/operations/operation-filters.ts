import { OPERATION_KINDS, OPERATION_STATUSES, type OperationKind, type OperationStatus } from '@holdfast/contracts';

/** What the list shows; the URL holds it. Empty lists and null mean all. */
export interface OperationFilters {
  status: readonly OperationStatus[];
  kind: readonly OperationKind[];
  environmentId: string | null;
  /** A part of the environment's or the actor's name, or of the workflow's id; empty: any. */
  search: string;
}

const MOST_LETTERS = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The part of a URL's query that filters read. */
interface Query {
  get(name: string): string | null;
  getAll(name: string): string[];
}

/** Filters of a URL; what is no filter is left out, so that an old link still shows something. */
export function filtersOf(query: Query): OperationFilters {
  const environment = query.get('environment');
  return {
    status: OPERATION_STATUSES.filter((status) => query.getAll('status').includes(status)),
    kind: OPERATION_KINDS.filter((kind) => query.getAll('kind').includes(kind)),
    environmentId: environment !== null && UUID.test(environment) ? environment : null,
    search: (query.get('search') ?? '').trim().slice(0, MOST_LETTERS),
  };
}

/** Filters as the router writes them into the URL; null takes one out. */
export const queryOf = ({ status, kind, environmentId, search }: OperationFilters) => ({
  ...{ status: status.length > 0 ? status : null, kind: kind.length > 0 ? kind : null },
  ...{ environment: environmentId, search: search === '' ? null : search },
});

export const isFiltered = ({ status, kind, environmentId, search }: OperationFilters): boolean =>
  status.length > 0 || kind.length > 0 || environmentId !== null || search !== '';

/** Whether the list shows an operation of this kind and state; what a search finds, only the API knows. */
export const isWanted = (
  filters: OperationFilters,
  operation: { status: OperationStatus; kind: OperationKind; environmentId: string | null },
): boolean =>
  (filters.status.length === 0 || filters.status.includes(operation.status)) &&
  (filters.kind.length === 0 || filters.kind.includes(operation.kind)) &&
  (filters.environmentId === null || filters.environmentId === operation.environmentId);
