import { OperationError, type ErrorCode } from '@holdfast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, errors, interceptors, type Dispatcher } from 'undici';

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

/** A request without its origin, which is the client's. */
export type WebRequest = Omit<Dispatcher.RequestOptions, 'origin'> & { signal: AbortSignal };

/** A request whose body is made anew for each attempt. */
type Sending = Omit<WebRequest, 'body'> & { body?: () => WebRequest['body'] };

const ATTEMPTS = 5;
/** What `request` tries again. */
const REPEATED: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const LONGEST_PAUSE_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const CONNECT_MS = 10_000;
const HEADERS_MS = 60_000;
/** No byte for so long: the connection is taken for dead. */
const SILENCE_MS = 60_000;
const SHOWN = 300;

/**
 * Asks one origin over HTTP, a few connections at a time, each wait bounded. What fails for the moment (429, 5xx, a lost
 * connection) is tried again after a growing pause, or the one the server asks for, unless it could have done something.
 */
export class WebClient {
  private readonly origin: string;
  private readonly service: Service;
  private readonly secret: string;
  private readonly agent: Agent;
  private readonly dispatcher: Dispatcher;

  /** `secret` is what requests are signed with: it is struck from whatever a server answers. */
  constructor(url: string, secret: string, service: Service, connections: number) {
    this.origin = new URL(url).origin;
    this.secret = secret;
    this.service = service;
    this.agent = new Agent({
      connections,
      headersTimeout: HEADERS_MS,
      bodyTimeout: SILENCE_MS,
      connect: { timeout: CONNECT_MS },
    });
    this.dispatcher = this.agent.compose(
      interceptors.retry({
        maxRetries: ATTEMPTS - 1,
        minTimeout: FIRST_PAUSE_MS,
        maxTimeout: 15_000,
        timeoutFactor: 3,
      }),
    );
  }

  request(options: WebRequest): Promise<Dispatcher.ResponseData> {
    return this.requestOver(this.dispatcher, options);
  }

  private async requestOver(over: Dispatcher, options: WebRequest): Promise<Dispatcher.ResponseData> {
    options.signal.throwIfAborted();
    try {
      return await over.request({ ...options, origin: this.origin });
    } catch (error) {
      options.signal.throwIfAborted();
      // what was to be sent could not be read
      throw error instanceof OperationError ? error : this.unreachable(error);
    }
  }

  /**
   * Sends what may be sent more than once, with a body made anew for each attempt; a request of a method that HTTP calls
   * repeatable is tried again by `request` itself. Null: it was done. A refusal is thrown, unless its status is a
   * `bearable` one: then it is answered, in words.
   */
  async send(options: Sending, bearable: (status: number) => boolean = () => false): Promise<string | null> {
    const { body, signal, ...rest } = options;
    const repeated = REPEATED.has(options.method);
    const most = repeated ? 1 : ATTEMPTS;
    // the interceptor would hide what a server asks for, also where it does not try again
    const over = repeated ? this.dispatcher : this.agent;
    for (let attempt = 1; ; attempt++) {
      let pauseMs = FIRST_PAUSE_MS * 3 ** (attempt - 1);
      try {
        const answer = await this.requestOver(over, { ...rest, signal, ...(body && { body: body() }) });
        const { status, text } = await this.statusOf(answer);
        if (status < 300) return null;
        if (bearable(status)) return this.refusal(status, text).message;
        pauseMs = Math.max(pauseMs, askedPauseMs(answer.headers['retry-after']));
        throw this.refusal(status, text);
      } catch (error) {
        const again = error instanceof OperationError && error.code === this.service.unreachable;
        if (!again || attempt === most) throw error;
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  /** The beginning of what a server says, for errors. */
  async textOf(answer: Dispatcher.ResponseData): Promise<string> {
    const text = (await answer.body.text()).slice(0, SHOWN);
    return this.secret === '' ? text : text.replaceAll(this.secret, '…');
  }

  /** What an answer says and means. */
  async statusOf(answer: Dispatcher.ResponseData): Promise<{ status: number; text: string }> {
    const text = await this.textOf(answer);
    return { status: this.service.meantStatus?.(answer.statusCode, text) ?? answer.statusCode, text };
  }

  refusal(status: number, text: string): OperationError {
    const { name, unreachable, refused, hints } = this.service;
    const message = `${name} answered ${status}: ${text}`;
    if (status === 429 || status >= 500) return new OperationError(unreachable, message);
    return new OperationError(refused, message, { hint: hints.refused });
  }

  unreachable(error: unknown): OperationError {
    const { name, unreachable, hints } = this.service;
    if (error instanceof errors.RequestRetryError) {
      const message = `${name} answered ${error.statusCode}, ${ATTEMPTS} times`;
      return new OperationError(unreachable, message, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    return new OperationError(unreachable, `${name} cannot be reached: ${reason}`, {
      hint: hints.unreachable,
      cause: error,
    });
  }

  /** A body's bytes, whose end before its time is told as a lost connection. */
  async *bytesOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      signal.throwIfAborted();
      throw this.unreachable(error);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** What Retry-After asks for, as seconds or as a date; at most a minute. */
function askedPauseMs(header: string | string[] | undefined): number {
  const text = [header ?? ''].flat()[0] ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}
