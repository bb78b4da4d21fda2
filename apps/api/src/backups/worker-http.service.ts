import { Inject, Injectable } from '@nestjs/common';
import { ERROR_CODES, isErrorCode, OperationError, type FieldError } from '@holdfast/contracts';
import { signWorkerToken } from '@holdfast/crypto';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { CONFIG } from '../database/database.module.ts';

/** Long enough for a worker to open the repository; the token is asked for at the beginning only. */
const TOKEN_SECONDS = 60;
/** Whoever waits for an answer in one piece is told by then. */
const ANSWER_WITHIN_MS = 20_000;

/** What is asked of a worker: the address, and what a token for it is signed for. */
export interface WorkerRequest {
  path: string;
  subject: string;
}

/** Asks a worker over its internal HTTP; the API itself never reads a repository. */
@Injectable()
export class WorkerHttp {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** An answer to stream on; throws what the worker refused it with, or `worker.unavailable`. */
  async open({ path, subject }: WorkerRequest, signal: AbortSignal): Promise<globalThis.Response> {
    const base = this.config.HOLDFAST_WORKER_URL;
    if (base === undefined) {
      throw new OperationError('worker.unavailable', 'This API knows no worker that reads backups', {
        hint: 'Set HOLDFAST_WORKER_URL.',
      });
    }
    const token = signWorkerToken(this.config.HOLDFAST_MASTER_KEY, subject, Date.now() / 1000 + TOKEN_SECONDS);
    const answer = await ask(new URL(path, base), token, signal);
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  /** An answer in one piece, within 20 s; throws as `open` does. `T` is what the worker writes at this address. */
  async read<T>(asked: WorkerRequest, signal: AbortSignal): Promise<T> {
    const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
    try {
      const answer = await this.open(asked, AbortSignal.any([signal, late]));
      return (await answer.json()) as T;
    } catch (cause) {
      if (cause instanceof OperationError && !late.aborted) throw cause;
      throw new OperationError(
        'worker.unavailable',
        late.aborted ? 'The worker did not answer in time' : 'The worker broke off its answer',
        { hint: 'A large backup takes longer the first time: ask again.', cause },
      );
    }
  }
}

async function ask(url: URL, token: string, signal: AbortSignal): Promise<globalThis.Response> {
  try {
    return await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal, redirect: 'error' });
  } catch (cause) {
    throw new OperationError('worker.unavailable', 'The worker that reads backups cannot be reached', {
      hint: 'Is a worker running, and does HOLDFAST_WORKER_URL lead to it?',
      cause,
    });
  }
}

const Refusal = z.object({
  code: z.string().refine(isErrorCode),
  detail: z.string().optional(),
  hint: z.string().optional(),
  errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
});

/** What a worker said instead of an answer. */
async function refusal(answer: globalThis.Response): Promise<OperationError> {
  const { data } = Refusal.safeParse(await answer.json().catch(() => null));
  if (data === undefined || !isErrorCode(data.code) || data.code === 'auth.required') {
    return new OperationError('worker.unavailable', `The worker refused the request (${answer.status})`, {
      hint: 'Do API and worker have the same master key, and the right time?',
    });
  }
  const { code, detail, hint, errors } = data;
  const more: { hint?: string; errors?: FieldError[] } = { ...(hint && { hint }), ...(errors && { errors }) };
  return new OperationError(code, detail ?? ERROR_CODES[code].title, more);
}
