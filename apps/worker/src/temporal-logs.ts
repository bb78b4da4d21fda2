import { DefaultLogger, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import type { LogEntry, LogLevel } from '@temporalio/worker';
import type { Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const satisfies Record<
  LogLevel,
  string
>;

/** What the SDK says several times a second while Temporal is away. */
const OUTAGE_TARGETS = [
  'temporalio_client::retry',
  'temporalio_sdk_core::worker::activities::activity_heartbeat_manager',
];
const OUTAGE_AGAIN_AFTER_MS = 30_000;

/** Passes on what the SDK says; an outage is one line every half minute, in our words. */
export function passOn(log: Logger): (entry: LogEntry) => void {
  let toldAt = -Infinity;
  return ({ level, message, meta }) => {
    if (!OUTAGE_TARGETS.includes(String(meta?.['target']))) return log[LEVELS[level]](meta ?? {}, message);
    if (performance.now() - toldAt < OUTAGE_AGAIN_AFTER_MS) return;
    toldAt = performance.now();
    log.warn('Temporal does not answer; trying again');
  };
}

/** Sends what Temporal's SDK says to our log, and leaves signals to us: its own handling would race with ours. */
export function installTemporalRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', passOn(log)),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}
