import { createApiClient, problemOf, type ApiClient } from '@holdfast/api-client';
import { isFinal, OperationError, PROGRESS_EVENT, type ProgressSnapshot } from '@holdfast/contracts';
import { io, type Socket } from 'socket.io-client';

const POLL_MS = 2_000;
/** What was asked for may be answered before what is told has arrived. */
const LAST_WORD_MS = 1_000;

/** A signed-in client of a running Holdfast that starts operations and watches them to their end. */
export class OperationsClient {
  readonly api: ApiClient;
  private readonly socket: Socket;

  constructor(baseUrl: string, token: string) {
    this.api = createApiClient({ baseUrl, token });
    this.socket = io(baseUrl, { path: '/api/socket.io', transports: ['websocket'], auth: { token } });
  }

  close(): void {
    this.socket.disconnect();
  }

  /**
   * Follows an operation by Socket.IO, asking over REST as well in case the connection is away. Answers when it ended;
   * throws `operation.failed` with what it says when it did not complete.
   */
  async follow(operationId: string, onProgress: (snapshot: ProgressSnapshot) => void): Promise<Ended> {
    let latest = -1;
    let heardEnd = false;
    const hear = (snapshot: ProgressSnapshot): void => {
      if (snapshot.operationId !== operationId || snapshot.sequence <= latest) return;
      latest = snapshot.sequence;
      onProgress(snapshot);
      if (!isFinal(snapshot.status)) return;
      heardEnd = true;
      wake();
    };
    let wake = (): void => undefined;
    const untilWoken = (ms: number): Promise<void> =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const watch = (): void => {
      this.socket.emit('watch', { operationId }, (answer: { snapshots?: ProgressSnapshot[] }) =>
        answer.snapshots?.forEach(hear),
      );
    };
    this.socket.on(PROGRESS_EVENT, hear).on('connect', watch);
    if (this.socket.connected) watch();
    try {
      for (;;) {
        const ended = await this.look(operationId);
        if (ended && !heardEnd && this.socket.connected) await untilWoken(LAST_WORD_MS);
        if (ended) return ended;
        await untilWoken(POLL_MS);
      }
    } finally {
      this.socket.off(PROGRESS_EVENT, hear).off('connect', watch);
    }
  }

  private async look(operationId: string): Promise<Ended | null> {
    const { data, error } = await this.api.GET('/api/v1/progress/{id}', { params: { path: { id: operationId } } });
    if (!data) throw new OperationError('operation.failed', problemOf(error)?.detail ?? 'The API does not answer');
    if (!isFinal(data.status)) return null;
    if (data.status === 'completed') return { operationId, seconds: secondsOf(data), result: data.result };
    throw new OperationError('operation.failed', `${data.kind}: ${data.error?.message ?? data.status}`, {
      ...(data.error?.hint ? { hint: data.error.hint } : {}),
    });
  }
}

export interface Ended {
  operationId: string;
  /** From its first step to its end. */
  seconds: number;
  result: unknown;
}

const secondsOf = ({ startedAt, finishedAt }: { startedAt: string | null; finishedAt: string | null }): number =>
  startedAt && finishedAt ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 : 0;

/** What an answer of the API holds; throws what the problem says. */
export function answered<T>({ data, error }: { data?: T; error?: unknown }): T {
  if (data !== undefined) return data;
  const problem = problemOf(error);
  const errors = problem?.errors?.map(({ at, message }) => ` ${at}: ${message}`).join(';') ?? '';
  throw new OperationError('operation.failed', `${problem?.detail ?? problem?.title ?? 'no answer'}${errors}`);
}
