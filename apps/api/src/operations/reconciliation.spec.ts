import { OperationError } from '@holdfast/contracts';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { endedProgress, firstProgress } from './progress.ts';
import { endingOf, isClosed, lastSignOf } from './reconciliation.ts';
import { operationErrorOf } from './workflow-failure.ts';

describe('how an operation ended whose workflow is gone', () => {
  it('was never started, when Temporal does not know it and it was pending', () => {
    expect(endingOf('pending', null, null)).toMatchObject({ status: 'failed', code: 'operation.never_started' });
    expect(endingOf('running', null, null)).toMatchObject({ status: 'failed', code: 'operation.terminated' });
  });

  it('was terminated, cancelled, or failed as its workflow says', () => {
    expect(endingOf('running', 'TERMINATED', null)).toMatchObject({ code: 'operation.terminated' });
    expect(endingOf('running', 'CANCELLED', null)).toMatchObject({ status: 'cancelled', code: 'operation.cancelled' });
    expect(endingOf('running', 'TIMED_OUT', null)).toMatchObject({ code: 'operation.failed' });
    const failure = new OperationError('repository.full', 'No space', { hint: 'Make room' });
    expect(endingOf('running', 'FAILED', failure)).toEqual({
      status: 'failed',
      code: 'repository.full',
      message: 'No space',
      hint: 'Make room',
    });
  });

  it('has an outcome too when its workflow ended well without recording one', () => {
    expect(endingOf('running', 'COMPLETED', null)).toMatchObject({ status: 'failed', code: 'operation.failed' });
  });

  it('counts a paused workflow as going on', () => {
    expect(isClosed('PAUSED')).toBe(false);
    expect(isClosed('RUNNING')).toBe(false);
    expect(isClosed('TERMINATED')).toBe(true);
  });
});

describe('the last sign of life', () => {
  const at = (seconds: number) => new Date(seconds * 1000);
  const workflow = (...heartbeats: number[]) => ({
    raw: { pendingActivities: heartbeats.map((seconds) => ({ lastHeartbeatTime: { seconds } })) },
  });
  type Workflow = Parameters<typeof lastSignOf>[1];
  const sign = (raw: object, others: (Date | null)[], startedAt: Date | null = null) =>
    lastSignOf({ createdAt: at(10), startedAt }, raw as Workflow, others);

  it('is the newest of the row, heartbeats, polls and events', () => {
    expect(sign(workflow(), [])).toEqual(at(10));
    expect(sign(workflow(), [], at(20))).toEqual(at(20));
    expect(sign(workflow(25, 30), [at(28), null])).toEqual(at(30));
    expect(sign(workflow(25), [at(40)])).toEqual(at(40));
  });
});

describe('the error behind a failed workflow', () => {
  const failed = (cause: Error) => Object.assign(new Error('Workflow execution failed'), { cause });

  it('is the deepest known code, with its hint', () => {
    const inner = ApplicationFailure.create({
      type: 'environment.unreachable',
      message: 'No route',
      details: ['Check it'],
    });
    const error = operationErrorOf(failed(Object.assign(new Error('Activity failed'), { cause: inner })));
    expect(error).toMatchObject({ code: 'environment.unreachable', message: 'No route', hint: 'Check it' });
  });

  it('has no hint when there was none', () => {
    const inner = ApplicationFailure.create({ type: 'repository.full', message: 'Full', details: [null] });
    expect(operationErrorOf(failed(inner)).hint).toBeUndefined();
  });

  it('tells cancelled and terminated ones apart from the unknown, whose text stays inside', () => {
    expect(operationErrorOf(failed(new CancelledFailure('x'))).code).toBe('operation.cancelled');
    expect(operationErrorOf(failed(new TerminatedFailure('x'))).code).toBe('operation.terminated');
    const unknown = operationErrorOf(failed(ApplicationFailure.create({ type: 'Error', message: 'hunter2' })));
    expect(unknown).toMatchObject({ code: 'operation.failed', message: 'The workflow failed' });
  });
});

describe('progress that was cut off', () => {
  it('fails the running step, skips what waited, and promises nothing more', () => {
    const progress = firstProgress('expire');
    const [manifest, sweep, record] = progress.steps;
    if (!manifest || !sweep || !record) throw new Error('expire has three steps');
    manifest.status = 'done';
    sweep.status = 'running';
    const ended = endedProgress({ ...progress, step: 'sweep', rate: 5, etaSeconds: 3 });
    expect(ended).toMatchObject({ step: null, rate: null, etaSeconds: null });
    expect(ended.steps.map(({ status }) => status)).toEqual(['done', 'failed', 'skipped']);
  });
});
