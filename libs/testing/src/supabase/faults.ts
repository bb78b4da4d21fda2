import type { IncomingMessage } from 'node:http';
import type { Answer } from './http.ts';

/** Refusals to come, for tests of what asks again. */
export interface Fault {
  /** The requests that are refused, by `METHOD /path?query`. */
  match: RegExp;
  /** How many of them. */
  times: number;
  status: number;
  /** Seconds for the header Retry-After. */
  retryAfter?: number;
}

/** Refuses requests on order, before anything of the project sees them. */
export class Faults {
  #planned: Fault[] = [];

  plan(fault: Fault): void {
    this.#planned.push({ ...fault });
  }

  /** The refusal of this request, or null. */
  answer({ method, url }: IncomingMessage): Answer | null {
    const fault = this.#planned.find(({ match, times }) => times > 0 && match.test(`${method} ${url}`));
    if (!fault) return null;
    fault.times -= 1;
    const headers: Record<string, string> =
      fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    const error = fault.status === 429 ? 'Too Many Requests' : 'Service Unavailable';
    const statusCode = String(fault.status);
    return { status: fault.status, headers, json: { statusCode, code: 'SlowDown', error, message: error } };
  }
}
