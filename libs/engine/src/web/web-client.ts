import { OperationError, type AddressAllowance, type ErrorCode } from '@holdfast/contracts';
import { Agent, type Dispatcher } from 'undici';
import { beginningOf } from './answer-text.ts';
import { askedPauseMs, ATTEMPTS, isPassing, isPassingFailure, pauseAfter } from './attempts.ts';
import { guardedLookup, guardHost } from './guarded-lookup.ts';

/** What is asked, in the words of errors. */
export interface Service {
  /** The subject of a sentence: `The project's storage`. */
  name: string;
  unreachable: ErrorCode;
  refused: ErrorCode;
  /** What to look at when it cannot be reached, and when it refuses. */
  hints: { unreachable: string; refused: string };
  /** What an answer means, where its status does not tell. */
  meantStatus?: (status: number, text: string) => number;
}

/** Where a service answers, and which special addresses that may be; left out: any. */
export interface WebAddress {
  url: string;
  allowance?: AddressAllowance;
}

/** A request without its origin, which is the client's, and with a body that is made anew for each attempt. */
export type WebRequest = Omit<Dispatcher.RequestOptions, 'origin' | 'body'> & {
  signal: AbortSignal;
  body?: () => Dispatcher.RequestOptions['body'];
};

type Headers = Dispatcher.ResponseData['headers'];

/** An answer with what was asked for: read its bytes to their end, or abort. */
export interface Received {
  status: number;
  headers: Headers;
  body: Dispatcher.ResponseData['body'];
  refusal: null;
}

/** A refusal: the status that is meant, and the beginning of what is said, with the secret struck out. */
export interface Refusal {
  status: number;
  text: string;
}

export type Answer = Received | { refusal: Refusal };

/** An attempt that had no answer, or a refusal with the pause that the server asks for. */
type Attempt = Received | { refusal: Refusal; askedMs: number } | { failure: unknown };

const CONNECT_MS = 10_000;
const HEADERS_MS = 60_000;
/** No byte for so long: the connection is taken for dead. */
const SILENCE_MS = 60_000;
const DUMPED_BYTES = 128 << 10;

/**
 * Asks one origin over HTTP, a few connections at a time, each wait bounded. What fails for the moment (429, 5xx, a lost
 * connection, no answer in time) is tried again after a growing pause, or the one the server asks for: ask only for what
 * may be done more than once. The attempts are ours and not undici's, whose retries know only a status as it is written,
 * and hand a second answer to a body that somebody is still reading from the first.
 */
export class WebClient {
  private readonly origin: string;
  /** Without the brackets of an IPv6 address. */
  private readonly host: string;
  private readonly allowance: AddressAllowance | undefined;
  private readonly service: Service;
  private readonly secret: string;
  private readonly agent: Agent;

  /** `secret` is what requests are signed with: it is struck from whatever a server answers. */
  constructor({ url, allowance }: WebAddress, secret: string, service: Service, connections: number) {
    const { origin, hostname } = new URL(url);
    this.origin = origin;
    this.host = hostname.replace(/^\[|\]$/g, '');
    this.allowance = allowance;
    this.secret = secret;
    this.service = service;
    this.agent = new Agent({
      connections,
      headersTimeout: HEADERS_MS,
      bodyTimeout: SILENCE_MS,
      connect: { timeout: CONNECT_MS, ...(allowance && { lookup: guardedLookup(allowance) }) },
    });
  }

  /** The answer that another attempt would not change, or the last one. Throws `unreachable` when there was none. */
  async request(request: WebRequest): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(request);
      const last = attempt === ATTEMPTS;
      if ('failure' in outcome) {
        if (last || !isPassingFailure(outcome.failure)) throw this.unreachable(outcome.failure);
      } else if (outcome.refusal === null || last || !isPassing(outcome.refusal.status)) return outcome;
      await pauseAfter(attempt, 'askedMs' in outcome ? outcome.askedMs : 0, request.signal);
    }
  }

  private async attempt({ body, ...request }: WebRequest): Promise<Attempt> {
    request.signal.throwIfAborted();
    if (this.allowance) guardHost(this.host, this.allowance);
    try {
      const answer = await this.agent.request({ ...request, origin: this.origin, ...(body && { body: body() }) });
      const { statusCode, headers } = answer;
      if (statusCode < 300) return { status: statusCode, headers, body: answer.body, refusal: null };
      const text = await beginningOf(answer.body, this.secret);
      const status = this.service.meantStatus?.(statusCode, text) ?? statusCode;
      return { refusal: { status, text }, askedMs: askedPauseMs(headers['retry-after']) };
    } catch (failure) {
      request.signal.throwIfAborted();
      // what was to be sent could not be read, or where it would go is not allowed
      if (failure instanceof OperationError) throw failure;
      return { failure };
    }
  }

  /** Has something done. Null: it was. A refusal is thrown, unless it is a `bearable` one: then it is answered. */
  async send(request: WebRequest, bearable: (refusal: Refusal) => boolean = () => false): Promise<Refusal | null> {
    const answer = await this.request(request);
    if (answer.refusal === null) {
      // it is done, whatever becomes of what is said about it
      await this.discard(answer, request.signal);
      return null;
    }
    if (bearable(answer.refusal)) return answer.refusal;
    throw this.refusal(answer.refusal);
  }

  /**
   * An answer's bytes. After a connection that broke it goes on from where it was, as long as the server's name for the
   * bytes tells that they are the same ones. Throws `unreachable`.
   */
  async *bytesOf(request: WebRequest, first: Received): AsyncGenerator<Uint8Array> {
    const { etag, total } = identityOf(first.headers);
    let parts = first.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    let [at, fruitless] = [0, 0];
    try {
      for (;;) {
        const read = await parts.next().catch((failure: unknown) => ({ failure }));
        if ('value' in read && !read.done) {
          at += read.value.length;
          fruitless = 0;
          yield read.value;
          continue;
        }
        request.signal.throwIfAborted();
        if (at === total || (total === null && !('failure' in read))) return;
        const failure = 'failure' in read ? read.failure : new Error(`the body ended after ${at} of ${total} bytes`);
        const again = ++fruitless < ATTEMPTS && (at === 0 || etag !== null) && isPassingFailure(failure);
        if (!again) throw this.unreachable(failure);
        await pauseAfter(fruitless, 0, request.signal);
        const body = await this.rest(request, first, { at, etag, total });
        parts = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      }
    } finally {
      await parts.return?.();
    }
  }

  /** Asks for what is missing of a body. */
  private async rest(
    request: WebRequest,
    first: Received,
    { at, etag, total }: Identity & { at: number },
  ): Promise<Received['body']> {
    const range: Record<string, string> =
      at === 0 ? {} : { range: `bytes=${at}-${total === null ? '' : total - 1}`, 'if-match': etag ?? '' };
    const headers = { ...(request.headers as Record<string, string>), ...range };
    const answer = await this.request({ ...request, headers });
    if (answer.refusal) throw this.brokenOff(`${answer.refusal.status} to the question for the rest`);
    const begins = /^bytes (\d+)-/.exec(String(answer.headers['content-range'] ?? ''))?.[1];
    const continues = at === 0 ? answer.status === first.status : answer.status === 206 && Number(begins) === at;
    if (continues && answer.headers['etag'] === first.headers['etag']) return answer.body;
    await this.discard(answer, request.signal);
    throw this.brokenOff('with other bytes than before');
  }

  /** Reads what is not wanted, if it is short, so that the connection can be used again. */
  async discard({ body }: Received, signal: AbortSignal): Promise<void> {
    await body.dump({ limit: DUMPED_BYTES, signal }).catch(() => undefined);
    signal.throwIfAborted();
  }

  private brokenOff(answered: string): OperationError {
    const { name, unreachable } = this.service;
    return new OperationError(unreachable, `${name} broke off in the middle, and then answered ${answered}`);
  }

  refusal({ status, text }: Refusal): OperationError {
    const { name, unreachable, refused, hints } = this.service;
    const message = `${name} answered ${status}: ${text}`;
    if (isPassing(status)) return new OperationError(unreachable, message);
    return new OperationError(refused, message, { hint: hints.refused });
  }

  private unreachable(error: unknown): OperationError {
    const { name, unreachable, hints } = this.service;
    const reason = error instanceof Error ? error.message : String(error);
    return new OperationError(unreachable, `${name} cannot be reached: ${reason}`, {
      hint: hints.unreachable,
      cause: error,
    });
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** The server's strong name for a body's bytes, null: it has none, and their number as far as it is told. */
interface Identity {
  etag: string | null;
  total: number | null;
}

function identityOf(headers: Headers): Identity {
  const { etag, 'content-length': length } = headers;
  return {
    etag: typeof etag === 'string' && !etag.startsWith('W/') ? etag : null,
    total: typeof length === 'string' ? Number(length) : null,
  };
}
