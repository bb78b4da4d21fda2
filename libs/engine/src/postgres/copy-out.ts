import type pg from 'pg';
import type { Socket } from 'node:net';
import { keepScanner, takeScanner, type RowFigures } from '../rows/row-scanner.ts';
import { destroy } from './connection.ts';
import { takeOver } from './raw-socket.ts';

/** Where the rows of one COPY go. */
export interface RowSink {
  /** A chunk, valid only during the call; `last` when the COPY has ended with it. */
  chunk(view: Uint8Array, last: boolean): void;
  /** Answers a promise while no more should come; undefined: go on. */
  pause(): Promise<void> | undefined;
  /** Told after each piece the socket gave: rows and plain bytes so far. */
  progress?(figures: { rows: number; bytes: number }): void;
}

/** No byte for so long means that the server or the network is gone. */
const SILENCE_MS = 300_000;

interface Wire {
  query(text: string): void;
  stream: Socket;
}

/**
 * One `COPY … TO STDOUT`, read straight from the socket: pg's own parser would make an event of every row. It is put
 * back in place when the first message that is no row arrives, and handles that one and all after it.
 */
class CopyOut {
  readonly text: string;
  private readonly sink: RowSink;
  private readonly client: pg.Client;
  private readonly scanner = takeScanner();
  private readonly silenceMs: number;
  private readonly settle: (error: unknown, figures?: RowFigures) => void;
  private back: ((rest: Buffer) => void) | undefined;
  private socket: Socket | undefined;
  private failure: unknown;
  private paused = false;
  // pg asks a query object for this
  readonly name = undefined;

  constructor(client: pg.Client, text: string, sink: RowSink, silenceMs: number, settle: CopyOut['settle']) {
    this.client = client;
    this.silenceMs = silenceMs;
    this.text = text;
    this.sink = sink;
    this.settle = settle;
  }

  submit(connection: Wire): undefined {
    this.socket = connection.stream;
    this.back = takeOver(this.socket, this.take);
    // not by setTimeout's own argument, which is called once and no more
    this.socket.on('timeout', this.silent);
    this.socket.setTimeout(this.silenceMs);
    connection.query(this.text);
    return undefined;
  }

  private readonly silent = (): void => {
    if (!this.paused) this.fail(new Error(`Connection ended: no byte came for ${this.silenceMs / 1000} s`));
  };

  private readonly take = (data: Buffer): boolean => {
    // what the sink throws ends the COPY: nobody wants the rest of its rows
    try {
      const used = this.scanner.push(data, (view) => this.sink.chunk(view, false));
      if (used < data.length) {
        this.giveBack(data.subarray(used));
        return true;
      }
      const { rows, bytes } = this.scanner.figures();
      this.sink.progress?.({ rows, bytes });
      const pause = this.sink.pause();
      if (pause) this.hold(pause);
      return !pause;
    } catch (error) {
      this.fail(error);
      return false;
    }
  };

  private hold(pause: Promise<void>): void {
    const socket = this.socket;
    socket?.pause();
    this.paused = true;
    pause
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.paused = false;
        // one that passed while we did not listen does not begin again by itself
        socket?.setTimeout(this.silenceMs);
        socket?.resume();
      });
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    destroy(this.client);
  }

  private giveBack(rest: Buffer): void {
    this.socket?.setTimeout(0);
    this.socket?.off('timeout', this.silent);
    this.back?.(rest);
  }

  handleError(error: unknown): void {
    this.settle(this.failure ?? error);
  }

  // pg calls this from the socket's event: what the sink throws must end the COPY, not the process
  handleReadyForQuery(): void {
    try {
      if (this.failure !== undefined) throw this.failure;
      const figures = this.scanner.finish((view) => this.sink.chunk(view, true));
      keepScanner(this.scanner);
      this.settle(undefined, figures);
    } catch (error) {
      this.settle(error);
    }
  }

  // the rest of what pg may call
  handleCommandComplete(): void {}
  handleCopyData(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  callback(): void {}
}

/**
 * Runs `COPY … TO STDOUT` and answers how many rows came, their checksum and their bytes. What the sink throws, or
 * `silenceMs` without a byte, drops the connection; an error of the server leaves it usable.
 */
export function copyOut(
  client: pg.Client,
  text: string,
  sink: RowSink,
  silenceMs: number = SILENCE_MS,
): Promise<RowFigures> {
  return new Promise((resolve, reject) => {
    let ended = false;
    const gone = (): void => settle(new Error('Connection terminated unexpectedly'));
    const settle = (error: unknown, figures?: RowFigures): void => {
      if (ended) return;
      ended = true;
      client.off('end', gone);
      if (figures) resolve(figures);
      else reject(error);
    };
    client.once('end', gone);
    // pg takes any object with submit(); its types name only its own
    client.query(new CopyOut(client, text, sink, silenceMs, settle) as unknown as pg.Submittable);
  });
}
