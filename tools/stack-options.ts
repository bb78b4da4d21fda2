import type { DataDir } from './data-dir.ts';
import type { DemoProject } from './demo-projects.ts';
import type { Logs } from './logs.ts';
import type { ReservedPort, WantedPort } from './ports.ts';

export type PortName =
  'api' | 'temporal' | 'temporalUi' | 'worker' | 'postgres' | 'demoPostgres' | 'demoCloud' | 'demoLocal';

export interface StackOptions {
  /** Everything that lives on: databases, the default repository, secrets, logs. */
  dataDir: string;
  /** By default any free port each. */
  ports?: Partial<Record<PortName, WantedPort>>;
  /** Where the API listens; by default 127.0.0.1. */
  host?: string;
  /** Serves and registers the demo projects. */
  demo?: boolean;
  /** False trades crash safety for speed; for tests. */
  durable?: boolean;
  /** Keeps the children's log lines off the terminal; the files always have them. */
  quiet?: boolean;
  /** Starts again what ends by itself; true unless said otherwise. */
  revive?: boolean;
  /** Settles once the API and the worker are built; the servers they need start meanwhile. */
  built?: Promise<unknown>;
  /** Where the built API and worker are; by default our own `dist`. */
  distDir?: string;
  /** More variables for the API and the worker. */
  env?: Record<string, string>;
  /** Arguments for Node itself, where it runs the worker. */
  workerArgs?: string[];
  /** Ends a start that is under way. */
  signal?: AbortSignal;
  /** What the stack itself has to say. */
  note?: (line: string) => void;
}

/** What every step of a start works on. */
export interface StackContext {
  options: StackOptions;
  dir: DataDir;
  logs: Logs;
  ports: Record<PortName, ReservedPort>;
  secrets: { postgres: string; database: string; demo: string };
  /** Empty: no demo. */
  projects: DemoProject[];
  note(line: string): void;
}
