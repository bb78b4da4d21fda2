import type { StepProgress } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { endedSteps, trackProgress } from './progress-tracker.ts';

const told = (over: Partial<StepProgress>): StepProgress => ({
  step: 'rows',
  done: 0,
  total: 10_000,
  unit: 'rows',
  bytes: 0,
  rows: 0,
  ...over,
});

/** A step that goes at `rate` a second for `seconds`, told and looked at ten times a second. */
function walk(rate: number, seconds: number, over: Partial<StepProgress> = {}) {
  const tracker = trackProgress('backup');
  for (let tenth = 0; tenth <= seconds * 10; tenth++) {
    tracker.advance(told({ ...over, done: (tenth * rate) / 10 }), tenth * 100);
    tracker.at(tenth * 100);
  }
  return tracker;
}

const statuses = (tracker: ReturnType<typeof trackProgress>) =>
  Object.fromEntries(tracker.at(0).steps.map(({ name, status }) => [name, status]));

describe('steps', () => {
  it('are all waiting before the first word', () => {
    const progress = trackProgress('expire').at(0);
    expect(progress).toMatchObject({ step: null, done: 0, total: null, rate: null, etaSeconds: null });
    expect(progress.steps.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting']);
  });

  it('are done once the next one runs, and skipped when they never ran', () => {
    const tracker = trackProgress('verify');
    expect(tracker.advance(told({ step: 'presence' }), 0)).toBe(true);
    expect(tracker.advance(told({ step: 'presence' }), 1)).toBe(false);
    expect(tracker.advance(told({ step: 'restore' }), 2)).toBe(true);
    expect(statuses(tracker)).toEqual({
      presence: 'done',
      checksum: 'skipped',
      content: 'skipped',
      restore: 'running',
      compare: 'waiting',
      record: 'waiting',
    });
  });

  it('must belong to the kind', () => {
    expect(() => trackProgress('expire').advance(told({ step: 'rows' }), 0)).toThrow('rows');
  });

  it('are done, failed or skipped in the end', () => {
    const steps = [
      { name: 'a', status: 'done' as const },
      { name: 'b', status: 'running' as const },
      { name: 'c', status: 'waiting' as const },
    ];
    expect(endedSteps(steps, true).map(({ status }) => status)).toEqual(['done', 'done', 'skipped']);
    expect(endedSteps(steps, false).map(({ status }) => status)).toEqual(['done', 'failed', 'skipped']);
  });
});

describe('the rate', () => {
  it('is unknown in the first second', () => {
    expect(walk(100, 0.9).at(900).rate).toBeNull();
  });

  it('is what went by in the last five seconds', () => {
    const tracker = walk(100, 10);
    for (let tenth = 1; tenth <= 50; tenth++) {
      tracker.advance(told({ done: 1_000 + tenth * 50 }), 10_000 + tenth * 100);
    }
    const { rate } = tracker.at(15_000);
    expect(rate).toBeGreaterThan(480);
    expect(rate).toBeLessThan(520);
  });

  it('falls to zero within five seconds of silence', () => {
    const tracker = walk(100, 10);
    expect(tracker.at(12_500).rate).toBeLessThan(60);
    expect(tracker.at(15_100).rate).toBe(0);
  });

  it('starts anew with each step', () => {
    const tracker = walk(100, 10);
    tracker.advance(told({ step: 'check', done: 0 }), 10_100);
    expect(tracker.at(10_200)).toMatchObject({ step: 'check', rate: null, etaSeconds: null });
  });

  it('is right when words come seldom', () => {
    const tracker = trackProgress('backup');
    for (let second = 0; second <= 12; second += 3) tracker.advance(told({ done: second * 100 }), second * 1_000);
    const { rate } = tracker.at(12_000);
    expect(rate).toBeGreaterThan(90);
    expect(rate).toBeLessThan(130);
  });
});

it('adds up what parts have handled that each count from zero', () => {
  const tracker = trackProgress('restore');
  tracker.advance(told({ bytes: 100, rows: 7 }), 0);
  tracker.advance(told({ step: 'functions', unit: 'artifacts' }), 100);
  expect(tracker.at(100)).toMatchObject({ bytes: 100, rows: 7 });
  tracker.advance(told({ step: 'functions', unit: 'artifacts', bytes: 5 }), 200);
  expect(tracker.at(200)).toMatchObject({ bytes: 105, rows: 7 });
});

describe('the remaining time', () => {
  it('is told once three seconds and three percent are done', () => {
    expect(walk(100, 2.9).at(2_900).etaSeconds).toBeNull();
    expect(walk(90, 3).at(3_000).etaSeconds).toBeNull();
    expect(walk(110, 3).at(3_000).etaSeconds).toBe(88);
  });

  it('is unknown without a total', () => {
    expect(walk(100, 10, { total: null }).at(10_000)).toMatchObject({ rate: 100, etaSeconds: null });
  });

  it('is unknown while nothing moves', () => {
    expect(walk(100, 10).at(16_000).etaSeconds).toBeNull();
  });

  it('is smoothed: one slow second does not double it', () => {
    const tracker = walk(100, 10);
    const before = tracker.at(10_000).etaSeconds ?? 0;
    tracker.advance(told({ done: 1_010 }), 11_000);
    const after = tracker.at(11_000).etaSeconds ?? 0;
    expect(before).toBe(90);
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after).toBeLessThan(100);
  });

  it('is never negative when more was done than expected', () => {
    expect(walk(100, 10, { total: 500 }).at(10_000).etaSeconds).toBe(0);
  });
});
