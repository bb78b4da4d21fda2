import { describe, expect, it } from 'vitest';
import { loggableError } from './loggable-error.ts';

describe('an error in the log', () => {
  it('has type, code, message, frames and cause', () => {
    const error = new Error('outer', { cause: Object.assign(new TypeError('inner'), { code: 'E_INNER' }) });
    expect(loggableError(error)).toMatchObject({
      type: 'Error',
      message: 'outer',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
      cause: { type: 'TypeError', code: 'E_INNER', message: 'inner' },
    });
  });

  it('has no own properties, which may quote what was parsed', () => {
    const error = Object.assign(new TypeError('Invalid URL'), { input: 'postgresql://u:hunter2@' });
    expect(JSON.stringify(loggableError(error))).not.toContain('hunter2');
  });

  it('has the last line of what Prisma says, without the arguments above it', () => {
    const message =
      'Invalid `prisma.account.create()` invocation:\n{ passwordHash: "hunter2" }\n\nArgument `role` is missing.\n';
    const error = Object.assign(new Error(message), { name: 'PrismaClientValidationError' });
    const { message: logged } = loggableError(error);
    expect(logged).toBe('Argument `role` is missing.');
    expect(JSON.stringify(loggableError(error))).not.toContain('hunter2');
  });

  it('says of what is no error only that', () => {
    expect(loggableError('hunter2')).toEqual({
      type: 'string',
      message: expect.not.stringContaining('hunter2'),
      stack: [],
    });
  });
});
