import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/**
 * Lets Temporal's SDK log errors only. A process has one runtime, and spec files share a process: where one is installed
 * or in use already, it stays as it is.
 */
export function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
