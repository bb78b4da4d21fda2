import type { BackupSort } from './backup-filters.ts';

/** What a column of the list shows. */
export type ColumnId =
  | 'environment'
  | 'proof'
  | 'taken'
  | 'size'
  | 'stored'
  | 'components'
  | 'tags'
  | 'rows'
  | 'tables'
  | 'objects'
  | 'repository'
  | 'server';

/** A column beside the name, which is always there. */
export interface Column {
  id: ColumnId;
  label: string;
  /** In pixels, at least. */
  width: number;
  /** Its share of the room that is left; 0: none. */
  grow: number;
  /** Whether its values are figures. */
  figures?: true;
  /** How the list is sorted by it, the first time and the other way round. */
  sorts?: readonly [BackupSort, BackupSort];
}

/** Every column in the order of the list; the last ones are left out first where there is no room. */
export const COLUMNS: readonly Column[] = [
  { id: 'environment', label: 'Environment', width: 112, grow: 1.2 },
  { id: 'proof', label: 'Proof', width: 148, grow: 0 },
  { id: 'taken', label: 'Taken', width: 116, grow: 0, sorts: ['-takenAt', 'takenAt'] },
  { id: 'size', label: 'Size', width: 76, grow: 0, figures: true, sorts: ['-sizeBytes', 'sizeBytes'] },
  { id: 'stored', label: 'Added', width: 76, grow: 0, figures: true, sorts: ['-storedBytes', 'storedBytes'] },
  { id: 'components', label: 'Inside', width: 104, grow: 0 },
  { id: 'tags', label: 'Tags', width: 120, grow: 1 },
  { id: 'rows', label: 'Rows', width: 96, grow: 0, figures: true },
  { id: 'tables', label: 'Tables', width: 64, grow: 0, figures: true },
  { id: 'objects', label: 'Objects', width: 80, grow: 0, figures: true },
  { id: 'repository', label: 'Repository', width: 112, grow: 1 },
  { id: 'server', label: 'Postgres', width: 76, grow: 0, figures: true },
];

export const DEFAULT_COLUMNS: readonly ColumnId[] = ['environment', 'proof', 'taken', 'size', 'components'];

/** As in backup-row.scss. */
const GAP = 16;
const PADDING = 32;
const CHECKBOX = 24;
const NAME = 200;

/** The chosen columns that fit into a list of this width, as far as they do in their order. */
export function fittingColumns(chosen: readonly ColumnId[], width: number): Column[] {
  let left = width - PADDING - CHECKBOX - GAP - NAME;
  const wanted = COLUMNS.filter(({ id }) => chosen.includes(id));
  const first = wanted.findIndex((column) => (left -= column.width + GAP) < 0);
  return first < 0 ? wanted : wanted.slice(0, first);
}

/** The columns as a grid's template; room is left for the boxes also where nobody may choose. */
export const gridOf = (columns: readonly Column[]): string =>
  [
    `${CHECKBOX}px minmax(${NAME}px, 2fr)`,
    ...columns.map(({ width, grow }) => (grow > 0 ? `minmax(${width}px, ${grow}fr)` : `${width}px`)),
  ].join(' ');

/** Columns as they were kept; what is none of ours is left out. */
export function readColumns(kept: string | null): readonly ColumnId[] {
  if (kept === null) return DEFAULT_COLUMNS;
  const ids = kept.split(',');
  return COLUMNS.map(({ id }) => id).filter((id) => ids.includes(id));
}
