import { OperationError } from '@holdfast/contracts';
import PQueue from 'p-queue';
import type pg from 'pg';
import type { TableArtifact } from '../manifest/manifest.ts';
import { connect, isConnectionLost, translateQuery } from '../postgres/connection.ts';
import { displayName, qualified } from '../postgres/identifiers.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { Statement } from '../postgres/statements.ts';
import { BuildWorkers } from './build-workers.ts';
import type { CompareTask } from './early-compare.ts';
import { splitPostData, type SplitPostData, type TableStatements } from './early-statements.ts';
import { splitKeys, type KeyIndex } from './key-indexes.ts';
import { Lane, type Purpose } from './lane.ts';
import { inLoadOrder, isPacked, loadShare, loadTable, requireAllRows, type LoadInput } from './load-rows.ts';
import { SharedRows, type Share } from './shared-rows.ts';
import { describeStatement, openSession, runLane, runOne, type FaultOptions } from './statement-runner.ts';

export interface TableWorkInput extends LoadInput {
  tables: TableArtifact[];
  postData: Statement[];
  parallel: number;
  /** Rows that are in no table, and values of sequences: loaded beside the tables. */
  others: (signal: AbortSignal) => Promise<void>;
  /** Told of a table that could not be loaded; throws to stop, returns to go on without it. */
  onTableFault: (table: TableArtifact, error: OperationError) => void;
  onStatementFault: FaultOptions['onFault'];
  /** Told when so many statements of post-data have been run. */
  onStatements: (count: number) => void;
  onAllLoaded: () => void;
  /** How to read a table again once its keys stand, in one task or more; none: that is left for later. */
  compare: ((table: TableArtifact, client: () => Promise<pg.Client>) => Promise<CompareTask[]>) | null;
  /** From how many bytes on the end of a table is lent to a second session; absent: eight MiB. */
  shareFromBytes?: number;
}

/** Which of two kinds of waiting work goes first; within a kind, the larger table. */
const LOAD = 2 * 2 ** 50;
const BUILD = 2 ** 50;
const COMPARE = 0;
/** For smaller tables two more statements cost more than they save. */
const SPARED_FROM_BYTES = 1 << 20;
/** What a second session takes over of a table must be worth its start. */
const SHARED_FROM_BYTES = 8 << 20;
const NO_STATEMENTS: TableStatements = { exclusive: [], shared: [] };

/**
 * Loads tables, `parallel` at once, makes each one's keys and indexes as soon as its rows are there, and compares it
 * then: so that no core waits for the last large table. Order within a table: rows; keys that lock it while they are
 * built; indexes and the comparison side by side. The first failure stops all.
 */
class TableWork {
  private readonly input: TableWorkInput;
  private readonly split: SplitPostData;
  private readonly stop = new AbortController();
  private readonly signal: AbortSignal;
  private readonly queue: PQueue;
  private readonly lanes: Lane[];
  private readonly workers: BuildWorkers;
  private readonly failures: unknown[] = [];
  private readonly again: Statement[] = [];
  /** Tables that are being loaded, and may be by more sessions than one. */
  private readonly loading = new Set<SharedRows>();
  private toLoad: number;
  private waitingLoads = 0;

  constructor(input: TableWorkInput) {
    this.input = input;
    const loaded = input.tables.filter(({ loadInto, condition }) => loadInto === null && condition === null);
    this.split = splitPostData(input.postData, new Set(loaded.map(({ schema, table }) => displayName(schema, table))));
    this.signal = AbortSignal.any([input.signal, this.stop.signal]);
    const concurrency = Math.max(1, input.parallel);
    this.queue = new PQueue({ concurrency });
    this.lanes = Array.from({ length: concurrency }, () => new Lane((purpose) => this.connect(purpose)));
    this.workers = new BuildWorkers(input.target, concurrency);
    this.toLoad = input.tables.length + 1;
  }

  async run(): Promise<Statement[]> {
    for (const table of inLoadOrder(this.input.tables)) {
      // those in shared chunks have one rank, so that they keep the order of these
      this.add(LOAD + (isPacked(table) ? 0 : table.size), (lane) => this.load(lane, table));
    }
    this.add(LOAD, async () => {
      await this.input.others(this.signal);
      this.oneLoaded();
    });
    await this.queue.onIdle();
    await Promise.all(this.lanes.map((lane) => lane.close()));
    if (this.failures.length === 0) return [...this.split.prelude, ...this.again, ...this.split.rest];
    this.input.signal.throwIfAborted();
    throw this.failures[0];
  }

  private async connect(purpose: Purpose): Promise<pg.Client> {
    const { signal } = this;
    const { target, manifest } = this.input;
    const { clientEncoding } = manifest.source;
    if (purpose === 'read') {
      const settings = { ...READ_SETTINGS, client_encoding: clientEncoding, default_transaction_read_only: 'on' };
      return connect(target, { signal, settings });
    }
    const encoding = purpose === 'load' ? clientEncoding : 'UTF8';
    const client = await openSession({ target, signal, clientEncoding: encoding });
    if (purpose === 'build') for (const one of this.split.prelude) await runOne(client, one, this.faults());
    return client;
  }

  private readonly faults = (): FaultOptions => ({ signal: this.signal, onFault: this.input.onStatementFault });

  private add(priority: number, work: (lane: Lane) => Promise<void>): void {
    const loads = priority >= LOAD ? 1 : 0;
    this.waitingLoads += loads;
    const guarded = async (): Promise<void> => {
      this.waitingLoads -= loads;
      const lane = this.lanes.pop();
      if (!lane) throw new Error('more work runs at once than there are lanes');
      try {
        this.signal.throwIfAborted();
        await work(lane);
      } catch (error) {
        // those after the first are only what stopping looks like
        this.failures.push(error);
        this.stop.abort(error);
        this.queue.clear();
      } finally {
        lane.rest();
        this.lanes.push(lane);
        this.helpOut();
      }
    };
    void this.queue.add(guarded, { priority });
  }

  /**
   * Where no table waits to be loaded, whoever has a hand free helps to load one, before any build: the sooner the largest
   * is there, the more small builds are left to go beside its own.
   */
  private helpOut(): void {
    if (this.failures.length > 0 || this.waitingLoads > 0 || this.lanes.length === 0) return;
    const rows = [...this.loading].find(({ isLendable }) => isLendable);
    if (rows) this.add(LOAD, (lane) => this.help(lane, rows));
  }

  private async help(lane: Lane, rows: SharedRows): Promise<void> {
    const share = await rows.lend({ ...this.input, signal: this.signal });
    if (share) await this.loadShare(lane, rows, share);
  }

  private async load(lane: Lane, table: TableArtifact): Promise<void> {
    if (table.rows === 0) return this.afterRows(lane, table, true);
    const client = await lane.session('load');
    if (await this.spareLog(client, table)) return this.afterRows(lane, table, await this.loadSpared(client, table));
    const whole = table.loadInto === null && table.condition === null;
    const rows = new SharedRows(table, whole ? (this.input.shareFromBytes ?? SHARED_FROM_BYTES) : Infinity);
    const share = rows.begin();
    this.loading.add(rows);
    this.helpOut();
    await this.loadShare(lane, rows, share);
  }

  /** Whoever ends last goes on with the table. */
  private async loadShare(lane: Lane, rows: SharedRows, share: Share): Promise<void> {
    const { table } = rows;
    const client = await lane.session('load');
    const fault = await this.fault(async () => {
      const arrived = await loadShare({ ...this.input, signal: this.signal }, client, table, share);
      rows.arrived += arrived;
    });
    if (fault && !rows.failed) this.input.onTableFault(table, fault);
    rows.failed ||= fault !== null;
    if (!rows.end(share)) return;
    this.loading.delete(rows);
    if (rows.failed) {
      // as if nobody had begun: another share's rows are no table
      if (rows.arrived > 0)
        await this.execute(client, `TRUNCATE TABLE ONLY ${qualified(table.schema, table.table)}`, table);
    } else requireAllRows(table, rows.arrived);
    await this.afterRows(lane, table, !rows.failed);
  }

  /** `loaded` false: it could not be, and whoever asked goes on without it. */
  private async afterRows(lane: Lane, table: TableArtifact, loaded: boolean): Promise<void> {
    this.oneLoaded();
    const name = displayName(table.schema, table.table);
    const statements = (table.loadInto ?? table.condition) === null ? this.split.early.get(name) : undefined;
    const { exclusive, shared } = statements ?? NO_STATEMENTS;
    const sideBySide = loaded && table.size >= SPARED_FROM_BYTES && exclusive.length + shared.length > 1;
    const { keys, whole } = sideBySide ? splitKeys(exclusive) : { keys: [], whole: exclusive };
    const after = async (lane: Lane): Promise<void> => {
      if (keys.length > 0) return this.addKeys(table, keys, shared);
      this.addShared(table, shared);
      if (loaded) await this.addCompare(lane, table);
    };
    if (whole.length === 0) return after(lane);
    this.add(BUILD + table.size, async (lane) => {
      for (const statements of whole) await this.build(lane, statements);
      await after(lane);
    });
  }

  /** Loads a table in the transaction that `spareLog` began. False: it could not be, and whoever asked goes on without it. */
  private async loadSpared(client: pg.Client, table: TableArtifact): Promise<boolean> {
    const fault = await this.fault(() => loadTable({ ...this.input, signal: this.signal }, client, table));
    await this.execute(client, fault ? 'ROLLBACK' : 'COMMIT', table);
    if (fault) this.input.onTableFault(table, fault);
    return !fault;
  }

  /** What Postgres had against some rows; what else goes wrong is thrown. */
  private async fault(work: () => Promise<unknown>): Promise<OperationError | null> {
    try {
      await work();
      return null;
    } catch (error) {
      if (error instanceof OperationError && error.code === 'postgres.statement_failed') return error;
      throw error;
    }
  }

  private async execute(client: pg.Client, statement: string, table: TableArtifact): Promise<void> {
    await client.query(statement).catch((error: unknown) => {
      this.signal.throwIfAborted();
      throw translateQuery(error, `Table ${table.name}`);
    });
  }

  /**
   * Where the log is minimal, rows of a table that is emptied in their own transaction are not written to it. False:
   * nothing was begun. That the table is not there, or may not be emptied, is for the COPY to find.
   */
  private async spareLog(client: pg.Client, artifact: TableArtifact): Promise<boolean> {
    const { schema, table, size, loadInto, condition } = artifact;
    if (size < SPARED_FROM_BYTES || loadInto !== null || condition !== null) return false;
    try {
      const { rows } = await client.query<{ level: string }>(`SELECT pg_catalog.current_setting('wal_level') AS level`);
      if (rows[0]?.level !== 'minimal') return false;
      await client.query('BEGIN');
      await client.query(`TRUNCATE TABLE ONLY ${qualified(schema, table)}`);
      return true;
    } catch (error) {
      this.signal.throwIfAborted();
      if (isConnectionLost(error)) throw translateQuery(error, `Table ${artifact.name}`);
      await this.execute(client, 'ROLLBACK', artifact);
      return false;
    }
  }

  private oneLoaded(): void {
    if (--this.toLoad === 0) this.input.onAllLoaded();
  }

  private addShared(table: TableArtifact, shared: Statement[][]): void {
    for (const statements of shared) this.add(BUILD + table.size, (lane) => this.build(lane, statements));
  }

  private async addCompare(lane: Lane, table: TableArtifact): Promise<void> {
    if (!this.input.compare) return;
    for (const { size, run } of await this.input.compare(table, () => lane.session('read'))) {
      this.add(COMPARE + size, async (lane) => run(await lane.session('read')));
    }
  }

  /**
   * The indexes of a table's keys beside its others; the lock that makes them keys is asked for once none is being
   * built any more, so that it never waits, and before anybody reads the table again.
   */
  private addKeys(table: TableArtifact, keys: KeyIndex[], shared: Statement[][]): void {
    const ready: Statement[][] = [];
    let open = keys.length + shared.length;
    const add = (work: (lane: Lane) => Promise<void>): void =>
      this.add(BUILD + table.size, async (lane) => {
        await work(lane);
        if (--open > 0) return;
        for (const statements of ready) await this.build(lane, statements);
        await this.addCompare(lane, table);
      });
    for (const key of keys) add(async (lane) => void ready.push(await this.buildKey(lane, key)));
    for (const statements of shared) add((lane) => this.build(lane, statements));
  }

  /** Answers what makes a key of the index; where it could not be made, the statement that says why. */
  private async buildKey(lane: Lane, key: KeyIndex): Promise<Statement[]> {
    const client = await this.builder(lane);
    try {
      await client.query(key.index.text);
      return key.attach;
    } catch (error) {
      this.signal.throwIfAborted();
      if (isConnectionLost(error)) throw translateQuery(error, describeStatement(key.index));
      return key.lane;
    }
  }

  private async builder(lane: Lane): Promise<pg.Client> {
    const client = await lane.session('build');
    const alone = this.lanes.length > 0 && this.queue.size === 0;
    try {
      await this.workers.prepare(client, alone);
    } catch (error) {
      this.signal.throwIfAborted();
      throw translateQuery(error, 'preparing to build indexes');
    }
    return client;
  }

  private async build(lane: Lane, statements: Statement[]): Promise<void> {
    const again = await runLane(await this.builder(lane), statements, this.faults());
    this.again.push(...again);
    this.input.onStatements(statements.length - again.length);
  }
}

/** Loads tables and does what can follow at once; answers the statements of post-data that are still to be run. */
export const workTables = (input: TableWorkInput): Promise<Statement[]> => new TableWork(input).run();
