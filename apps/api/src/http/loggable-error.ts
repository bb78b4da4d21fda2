/** An error as logs may hold it: no own properties, which can quote what was parsed, and no arguments of a query. */
export interface LoggableError {
  type: string;
  code?: string;
  message: string;
  stack: string[];
  cause?: LoggableError;
}

const FRAMES = 12;

/** The loggable part of anything that was thrown; of Prisma's long messages the last line, which holds no values. */
export function loggableError(error: unknown): LoggableError {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'Something that is no error was thrown', stack: [] };
  const lines = error.message.split('\n').filter((line) => line.trim() !== '');
  const { code } = error as { code?: unknown };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: (error.name.startsWith('Prisma') ? lines.at(-1) : lines.join(' ')) ?? '',
    stack: frames.slice(0, FRAMES).map((line) => line.trim()),
    ...(error.cause instanceof Error ? { cause: loggableError(error.cause) } : {}),
  };
}
