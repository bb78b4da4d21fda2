import { OperationError } from '@holdfast/contracts';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toFailure } from './failures.ts';

const going = new AbortController().signal;
const stopping = AbortSignal.abort(new CancelledFailure('CANCELLED'));

describe('what an activity threw', () => {
  it('keeps code, message and hint', () => {
    const error = new OperationError('repository.full', 'The disk is full', { hint: 'Make room.' });
    expect(toFailure(error, going)).toMatchObject({
      type: 'repository.full',
      message: 'The disk is full',
      nonRetryable: true,
      details: ['Make room.'],
    });
  });

  it('may be tried again when its code says so, or when the error itself does', () => {
    expect(toFailure(new OperationError('environment.unreachable', 'x'), going)).toMatchObject({ nonRetryable: false });
    const lasting = new OperationError('environment.unreachable', 'x', { retryable: false });
    expect(toFailure(lasting, going)).toMatchObject({ nonRetryable: true });
  });

  it('takes no cause along, which could hold a secret', () => {
    const error = new OperationError('environment.unreachable', 'x', { cause: new Error('password hunter2') });
    expect(toFailure(error, going).cause).toBeUndefined();
  });

  it('is named without its words when it is unknown', () => {
    const failure = toFailure(Object.assign(new Error('postgresql://u:hunter2@h/d'), { code: 'ECONNREFUSED' }), going);
    expect(failure).toMatchObject({ type: 'internal.error', message: 'Unexpected: Error (ECONNREFUSED)' });
  });

  it('is a cancel while it stops, unless the error lasts', () => {
    expect(toFailure(stopping.reason, stopping)).toBeInstanceOf(CancelledFailure);
    expect(toFailure(new DOMException('aborted', 'AbortError'), stopping)).toBeInstanceOf(CancelledFailure);
    expect(toFailure(new OperationError('postgres.connection_lost', 'x'), stopping)).toBeInstanceOf(CancelledFailure);
    expect(toFailure(new OperationError('operation.cancelled', 'x'), stopping)).toBeInstanceOf(CancelledFailure);
    const undo = toFailure(new OperationError('postgres.statement_failed', 'x'), stopping);
    expect(undo).toBeInstanceOf(ApplicationFailure);
  });

  it('passes as it is when it was translated already', () => {
    const failure = ApplicationFailure.nonRetryable('x', 'repository.full');
    expect(toFailure(failure, stopping)).toBe(failure);
  });
});
