import type { Api } from './api.ts';
import { problemOf } from './problem.ts';
import type { Toasts } from './toasts.ts';

/** Asks an operation to stop. One that has ended meanwhile needs no cancel: that is said, and is no failure. */
export async function cancelOperation(api: Api, toasts: Toasts, id: string): Promise<void> {
  try {
    await api.send('post', '/api/v1/progress/{id}/cancel', { path: { id } });
  } catch (error) {
    if (problemOf(error).code !== 'operation.not_cancellable') throw error;
    toasts.say('The operation had ended already.');
  }
}
