import { OperationError } from '@holdfast/contracts';
import type { Refusal, Service } from '../web/web-client.ts';

/** The project's storage, in the words of errors. */
export const STORAGE_SERVICE: Service = {
  name: "The project's storage",
  unreachable: 'storage.unreachable',
  refused: 'storage.refused',
  hints: {
    unreachable: 'Check the address of the project, and that it is not paused.',
    refused: 'Check the address of the project and the service key of the environment.',
  },
  meantStatus,
};

const said = (words: string): RegExp => new RegExp(`"(?:error|code|message)"\\s*:\\s*"(?:${words})"`, 'i');
/** The words of a storage that has looked; any other 404 comes from something in front of it. */
const MISSING = said(
  'not_found|NoSuchKey|NoSuchBucket|Object not found|Bucket not found|The related resource does not exist',
);
/** Refusals of whoever asks, which some servers write as if the request were wrong. */
const OF_THE_KEY = said('TenantNotFound|InvalidTenantId|InvalidJWT|InvalidSignature');

/** Storage answers 400 with the status that it means inside. */
function meantStatus(status: number, text: string): number {
  if (status !== 400) return status;
  if (OF_THE_KEY.test(text)) return 401;
  if (MISSING.test(text)) return 404;
  return Number(/"statusCode"\s*:\s*"?(\d{3})\b/.exec(text)?.[1] ?? status);
}

/** The storage itself says that there is no such object or bucket. */
export const isMissing = ({ status, text }: Refusal): boolean => status === 404 && MISSING.test(text);

/** About this one object or bucket, its name, size, type or metadata, and not about who asks. */
export const isAboutName = ({ status }: Refusal): boolean => [400, 409, 413, 414, 415, 422, 431].includes(status);

/** Somebody else is writing to it, and was still after the last attempt. */
export const isLocked = ({ status }: Refusal): boolean => status === 423;

/** What answers is not the storage of the project. */
export const noStorage = (found: string): OperationError =>
  new OperationError('storage.refused', `${STORAGE_SERVICE.name} ${found}`, {
    hint: 'Check that the address of the environment is that of this very project; if its objects are lost, leave storage out.',
  });
