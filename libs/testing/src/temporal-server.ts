import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '@holdfast/contracts';
import { executable, freePort, startChild, type Child } from '@holdfast/engine/embedded';
import { chosenTemporal, searchPath } from './config.ts';

/** What every workflow of ours is labelled with; the server must know them before the first start. */
export const SEARCH_ATTRIBUTES = ['EnvironmentId', 'OperationKind', 'ActorId'];

const START_TIMEOUT_MS = 60_000;

export interface TemporalServerOptions {
  toolsDir: string;
  /** 0 or none means any free port. */
  port?: number;
  uiPort?: number;
  /** A database file; without one everything is lost at the end. */
  file?: string;
  /** Where the Web UI has payloads decoded. */
  codecEndpoint?: string;
  /** False: a power cut may lose the last transactions; a killed process never does. */
  durable?: boolean;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/** A running Temporal development server with its Web UI. */
export interface TemporalServer {
  address: string;
  uiUrl: string;
  pid: number;
  exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** The Temporal CLI: the one chosen by HOLDFAST_TEMPORAL_BIN, on PATH, or in the tools directory; null without any. */
export async function findTemporal(toolsDir: string): Promise<string | null> {
  const chosen = chosenTemporal();
  const dirs = [...searchPath(), join(toolsDir, 'temporal', 'bin')];
  for (const path of chosen ? [chosen] : dirs.map((dir) => executable(dir, 'temporal'))) {
    if ((await stat(path).catch(() => null))?.isFile()) return path;
  }
  return null;
}

/**
 * Starts the development server on 127.0.0.1 as our child and answers once it serves workflows and knows our search
 * attributes. Throws `temporal.unavailable` with the last lines of its log.
 */
export async function startTemporal(o: TemporalServerOptions): Promise<TemporalServer> {
  const binary = await findTemporal(o.toolsDir);
  if (!binary) {
    throw new OperationError('temporal.unavailable', 'The Temporal CLI is not installed', {
      hint: 'Run: node tools/setup.mjs, or point HOLDFAST_TEMPORAL_BIN to the program.',
    });
  }
  const [port, uiPort] = [o.port || (await freePort()), o.uiPort || (await freePort())];
  const child = await startChild(binary, commandLine(o, port, uiPort), {
    deathSignal: 'SIGTERM',
    ownGroup: true,
    ...(o.onLine && { onLine: o.onLine }),
  });
  const uiUrl = `http://127.0.0.1:${uiPort}`;
  try {
    await untilReady(child, uiUrl, o.signal);
  } catch (cause) {
    await child.stop('SIGTERM', 2_000);
    const log = child.lastLines().slice(-8).join('\n');
    throw new OperationError('temporal.unavailable', `Temporal did not start: ${String(cause)}\n${log}`, { cause });
  }
  const { pid, exited, kill } = child;
  return { address: `127.0.0.1:${port}`, uiUrl, pid, exited, kill, stop: () => child.stop('SIGTERM', 5_000) };
}

function commandLine(o: TemporalServerOptions, port: number, uiPort: number): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
    ...['--log-level', 'warn', '--log-format', 'json'],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...(o.file ? ['--db-filename', o.file] : []),
    ...(o.file ? ['--sqlite-pragma', 'journal_mode=wal'] : []),
    ...(o.file ? ['--sqlite-pragma', `synchronous=${o.durable === false ? 'off' : 'normal'}`] : []),
    ...(o.codecEndpoint ? ['--ui-codec-endpoint', o.codecEndpoint] : []),
  ];
}

// The Web UI passes this question on to the server, so one answer speaks for both.
async function untilReady(child: Child, uiUrl: string, signal: AbortSignal | undefined): Promise<void> {
  for (const started = Date.now(); ; await sleep(50)) {
    signal?.throwIfAborted();
    if (!child.running()) throw new Error('it ended while it started');
    if (Date.now() - started > START_TIMEOUT_MS) throw new Error(`not ready after ${START_TIMEOUT_MS / 1000} s`);
    const url = `${uiUrl}/api/v1/namespaces/default/search-attributes`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    const text = answer?.ok ? await answer.text() : '';
    if (SEARCH_ATTRIBUTES.every((name) => text.includes(`"${name}"`))) return;
  }
}
