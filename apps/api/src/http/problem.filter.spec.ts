import { BadRequestException, NotFoundException } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { asOperationError } from './problem.filter.ts';
import { problemOf } from './problem.ts';

describe('an error on its way out', () => {
  it('keeps code, message, hint and fields of ours', () => {
    const error = new OperationError('resource.conflict', 'Taken', {
      hint: 'Other',
      errors: [{ at: 'name', message: 'x' }],
    });
    expect(problemOf(asOperationError(error), 'r1')).toEqual({
      type: 'urn:holdfast:problem:resource.conflict',
      title: 'That is taken already',
      status: 409,
      code: 'resource.conflict',
      detail: 'Taken',
      hint: 'Other',
      instance: 'urn:request:r1',
      errors: [{ at: 'name', message: 'x' }],
    });
  });

  it('reveals nothing of what was not foreseen', () => {
    const known = asOperationError(
      new Error('password authentication failed for user "u" at postgresql://u:hunter2@h'),
    );
    expect(known.code).toBe('internal.error');
    expect(JSON.stringify(problemOf(known, null))).not.toMatch(/hunter2|postgresql/);
    expect(asOperationError('text').code).toBe('internal.error');
    expect(asOperationError(undefined).code).toBe('internal.error');
  });

  it('translates what Nest and the body parser throw', () => {
    const parse = Object.assign(new SyntaxError('Unexpected token s in JSON: secret'), {
      status: 400,
      type: 'entity.parse.failed',
    });
    expect(asOperationError(parse).code).toBe('request.invalid');
    expect(asOperationError(parse).message).not.toContain('secret');
    expect(asOperationError(Object.assign(new Error('big'), { status: 413 })).code).toBe('request.too_large');
    expect(asOperationError(new NotFoundException('Cannot GET /x')).message).toBe('There is nothing at this address');
    expect(asOperationError(new BadRequestException('secret')).message).not.toContain('secret');
  });
});
