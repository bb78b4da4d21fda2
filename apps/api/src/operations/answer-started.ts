import type { Response } from 'express';
import type { OperationStarted } from './operation.dto.ts';

/** Says in Location where the progress of a started operation is told. */
export function answerStarted(response: Response, started: OperationStarted): OperationStarted {
  response.setHeader('Location', `/api/v1/progress/${started.operationId}`);
  return started;
}
