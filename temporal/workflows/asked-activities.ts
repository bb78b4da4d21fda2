import { ERROR_CODES } from '@holdfast/contracts';
import type { ActivityOptions, RetryPolicy } from '@temporalio/workflow';
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/signatures.ts';

/** Codes that last by the table, though one error of them may pass and says so itself: a pg_dump that was killed. */
const SAID_BY_THE_ERROR = ['postgres.dump_failed'];

/** The codes that trying again cannot help; an activity's failure has its code as type. */
const nonRetryableErrorTypes = Object.entries(ERROR_CODES)
  .filter(([code, { retryable }]) => !retryable && !SAID_BY_THE_ERROR.includes(code))
  .map(([code]) => code);

const retry = (maximumAttempts?: number): RetryPolicy => ({
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '15 seconds',
  nonRetryableErrorTypes,
  ...(maximumAttempts !== undefined && { maximumAttempts }),
});

/** For the engine's verbs: hours of work, a lost worker noticed within ten seconds, five attempts. */
const ENGINE: ActivityOptions = {
  startToCloseTimeout: '24 hours',
  scheduleToCloseTimeout: '48 hours',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: retry(5),
};

/** One short transaction of ours; a worker that is lost in it must not be waited for much longer. */
const RECORDING_TIMEOUT = '10 seconds';

/** Waits for busy resources and for our own database, but not for ever. */
const BEGIN: ActivityOptions = {
  startToCloseTimeout: RECORDING_TIMEOUT,
  scheduleToCloseTimeout: '1 hour',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: retry(),
};

/** An outcome must be recorded: tried until our own database takes it. */
const FINISH: ActivityOptions = { startToCloseTimeout: RECORDING_TIMEOUT, retry: retry() };

/** Somebody waits for the answer in front of a form: one attempt, which says what it met. */
const ASK: ActivityOptions = {
  startToCloseTimeout: '45 seconds',
  scheduleToCloseTimeout: '60 seconds',
  retry: retry(1),
};

export const { beginOperation, recordSafetyBackup } =
  proxyActivities<Pick<Activities, 'beginOperation' | 'recordSafetyBackup'>>(BEGIN);
export const { finishOperation } = proxyActivities<Pick<Activities, 'finishOperation'>>(FINISH);
export const { runBackup, runVerify, checkRestore, runRestore, runExpire } = proxyActivities<Activities>(ENGINE);
export const { probeEnvironment, probeRepository, attachRepository, releaseQuarantine } =
  proxyActivities<Activities>(ASK);
