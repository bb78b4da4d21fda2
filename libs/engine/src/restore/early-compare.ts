import type { Difference } from '@holdfast/contracts';
import type pg from 'pg';
import type { TableArtifact } from '../manifest/manifest.ts';
import { qualified, quoteIdent } from '../postgres/identifiers.ts';
import { reading } from '../postgres/inspect.ts';
import { checksumText } from '../rows/row-scanner.ts';
import type { Meter } from '../run.ts';
import { readRows, rowDifference, rowsToCompare, type RowsToCompare } from './compare.ts';

/** Smaller tables are compared at the end, in one go: what is gained by reading them early is nothing. */
const FROM_BYTES = 1 << 20;
/** A larger table is read in stretches, so that every worker has one to the end. */
const STRETCH_BYTES = 128 << 20;

/** One piece of comparing; `size` in bytes, about. */
export interface CompareTask {
  size: number;
  run: (client: pg.Client) => Promise<void>;
}

/** Compares tables while others are still being loaded; keeps which were, and what differed. */
export class EarlyCompare {
  readonly compared = new Map<string, { size: number; difference: Difference | null }>();
  private readonly stretchBytes: number;

  constructor(stretchBytes: number = STRETCH_BYTES) {
    this.stretchBytes = stretchBytes;
  }

  /** How to compare a table now; none: it is left for the end. */
  async tasksFor(table: TableArtifact, client: () => Promise<pg.Client>, meter: Meter): Promise<CompareTask[]> {
    const [expected] = rowsToCompare([table]);
    if (!expected || table.loadInto !== null || table.size < FROM_BYTES) return [];
    const statements = await this.stretches(table, expected, client);
    const sum = { rows: 0, checksum: 0n, left: statements.length };
    return statements.map((statement) => ({
      size: expected.size / statements.length,
      run: async (session) => {
        // bytes read again are told as such, but belong to a step that has not begun
        const tell = (bytes: number, rows: number): void => meter.add(0, bytes, rows);
        const found = await readRows(session, { ...expected, statement }, tell);
        sum.rows += found?.rows ?? 0;
        sum.checksum += BigInt(`0x${found?.checksum ?? '0'}`);
        if (--sum.left > 0) return;
        const difference = rowDifference(expected, { rows: sum.rows, checksum: checksumText(sum.checksum) });
        this.compared.set(expected.name, { size: expected.size, difference });
      },
    }));
  }

  /** Statements that read all of a table between them: checksums of rows add up, whatever their order. */
  private async stretches(
    table: TableArtifact,
    expected: RowsToCompare,
    client: () => Promise<pg.Client>,
  ): Promise<string[]> {
    const count = Math.ceil(table.size / this.stretchBytes);
    if (count === 1 || table.condition !== null || table.columns.length === 0) return [expected.statement];
    const name = qualified(table.schema, table.table);
    const session = await client();
    const text = `SELECT (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int)::float8 AS pages
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam
       WHERE c.oid = $1::pg_catalog.regclass AND a.amname = 'heap'`;
    const { rows } = await reading(expected.name, () => session.query<{ pages: number }>(text, [name]));
    const pages = rows[0]?.pages;
    if (pages === undefined || pages < count) return [expected.statement];
    const columns = table.columns.map(quoteIdent).join(', ');
    const start = (index: number): string => `'(${Math.floor((pages * index) / count)},0)'::pg_catalog.tid`;
    return Array.from({ length: count }, (_, index) => {
      const upTo = index + 1 < count ? ` AND ctid < ${start(index + 1)}` : '';
      return `COPY (SELECT ${columns} FROM ONLY ${name} WHERE ctid >= ${start(index)}${upTo}) TO STDOUT`;
    });
  }
}
