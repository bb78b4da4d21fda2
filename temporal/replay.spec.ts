import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATION_KINDS } from '@holdfast/contracts';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from './bundle.ts';
import { quietRuntime } from './quiet-runtime.ts';

const HISTORIES = join(import.meta.dirname, 'histories');
const recorded = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .sort();

interface HistoryEvent {
  eventType: string;
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  [attributes: string]: unknown;
}

const read = (name: string): { events: HistoryEvent[] } => JSON.parse(readFileSync(join(HISTORIES, name), 'utf8'));

let workflowBundle: { code: string };

beforeAll(async () => {
  quietRuntime();
  workflowBundle = await bundleWorkflows();
}, 60_000);

const replay = (history: { events: HistoryEvent[] }): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle }, history);

describe('the recorded histories', () => {
  it('hold each kind of operation with a success, a failure and a cancel', () => {
    for (const kind of OPERATION_KINDS) {
      for (const ending of ['completed', 'failed', 'cancelled'])
        expect(recorded).toContain(join(kind, `${ending}.json`));
    }
  });

  it.each(recorded)('%s is replayed by the workflows of today', async (name) => {
    await replay(read(name));
  });
});

describe('an altered history', () => {
  const altered = (change: (events: HistoryEvent[]) => void): Promise<void> => {
    const history = read(join('backup', 'completed.json'));
    change(history.events);
    return replay(history);
  };

  it('fails when an activity had another name', async () => {
    await expect(
      altered((events) => {
        const scheduled = events.filter(
          ({ activityTaskScheduledEventAttributes: of }) => of?.activityType.name === 'runBackup',
        );
        expect(scheduled).toHaveLength(1);
        for (const { activityTaskScheduledEventAttributes: of } of scheduled)
          if (of) of.activityType.name = 'runVerify';
      }),
    ).rejects.toThrow(DeterminismViolationError);
  });

  it('fails when the outcome was not recorded', async () => {
    await expect(
      altered((events) => {
        const at = events.findIndex(
          ({ activityTaskScheduledEventAttributes: of }) => of?.activityType.name === 'finishOperation',
        );
        const end = events.length - 1;
        events.splice(at, end - at);
        events.forEach((event, index) => (event['eventId'] = String(index + 1)));
      }),
    ).rejects.toThrow();
  });
});
