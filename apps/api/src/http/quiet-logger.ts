import type { LoggerService } from '@nestjs/common';

/** Parts of Nest that tell at every start which classes and routes there are. */
const ONLY_WHEN_DEBUGGING = new Set<unknown>([
  'InstanceLoader',
  'NestFactory',
  'NestApplication',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

/** Nest's own lines of a start at level debug; everything else as it comes. */
export class QuietLogger implements LoggerService {
  constructor(
    private readonly inner: Required<Pick<LoggerService, 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal'>>,
  ) {}

  log(message: unknown, ...rest: unknown[]): void {
    if (ONLY_WHEN_DEBUGGING.has(rest.at(-1))) this.inner.debug(message, ...rest);
    else this.inner.log(message, ...rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.inner.error(message, ...rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.inner.warn(message, ...rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.inner.debug(message, ...rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.inner.verbose(message, ...rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.inner.fatal(message, ...rest);
  }
}
