import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperationError } from '@holdfast/contracts';
import { pino, stdSerializers } from 'pino';
import type { Logger } from 'pino';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { buildDependencies } from './dependencies.ts';
import { createInternalServer } from './internal-http.ts';
import { pollUntilStopped } from './polling.ts';
import { installTemporalRuntime } from './temporal-logs.ts';

/** An activity that does not stop in time is left to its next attempt. */
const STOP_WITHIN_MS = 3_000;

function configOrExit(): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    pino({ name: 'worker' }).fatal({ errors: error.errors, hint: error.hint }, error.message);
    process.exit(1);
  }
}

async function listen(server: Server, config: Config): Promise<string> {
  server.listen(config.HOLDFAST_WORKER_PORT, config.HOLDFAST_WORKER_HOST);
  await once(server, 'listening');
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function stopOnSignals(log: Logger): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      log.info({ signal: name }, 'stopping');
      stop.abort();
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    });
  }
  return stop.signal;
}

async function main(config: Config, log: Logger): Promise<void> {
  const signal = stopOnSignals(log);
  installTemporalRuntime(log);
  const dependencies = buildDependencies(config);
  const server = createInternalServer(dependencies, log);
  const downloadsUrl = await listen(server, config);
  const onPolling = (): void => log.info({ downloadsUrl }, 'polling');
  try {
    await pollUntilStopped(config, dependencies, { signal, log, onPolling });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  server.close();
  server.closeAllConnections();
  await dependencies.database.$disconnect();
  log.info('stopped');
}

const config = configOrExit();
const log = pino({ name: 'worker', level: config.HOLDFAST_LOG_LEVEL, serializers: { error: stdSerializers.err } });
try {
  await main(config, log);
  process.exit(0);
} catch (error) {
  log.fatal({ error }, 'the worker ended');
  process.exit(1);
}
