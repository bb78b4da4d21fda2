import pg from 'pg';

/** A refusal in the words of the Storage server, which answers 400 and has the true status in the body. */
export class StorageError extends Error {
  readonly statusCode: number;
  /** The new name of what is wrong. */
  readonly code: string;
  /** Its old name, where there is one. */
  readonly error: string;

  constructor(statusCode: number, code: string, message: string, error = code) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.error = error;
  }
}

export const refusals = {
  noBucket: () => new StorageError(404, 'NoSuchBucket', 'Bucket not found', 'Bucket not found'),
  noObject: () => new StorageError(404, 'NoSuchKey', 'Object not found', 'not_found'),
  duplicate: () => new StorageError(409, 'KeyAlreadyExists', 'The resource already exists', 'Duplicate'),
  invalidKey: (key: string) => new StorageError(400, 'InvalidKey', `Invalid key: ${key}`),
  invalidBucket: () => new StorageError(400, 'InvalidBucketName', 'Bucket name invalid', 'Invalid Input'),
  invalidMime: (type: string) =>
    new StorageError(415, 'InvalidMimeType', `mime type ${type} is not supported`, 'invalid_mime_type'),
  tooLarge: () =>
    new StorageError(413, 'EntityTooLarge', 'The object exceeded the maximum allowed size', 'Payload too large'),
  notEmpty: () => new StorageError(409, 'ResourceNotEmpty', 'The bucket you tried to delete is not empty'),
  denied: (message: string) => new StorageError(403, 'AccessDenied', message, 'Unauthorized'),
  invalid: (message: string) => new StorageError(400, 'InvalidRequest', message),
  invalidToken: (message: string) => new StorageError(400, 'InvalidJWT', message),
  invalidRange: () => new StorageError(400, 'InvalidRange', 'invalid range provided', 'invalid_range'),
};

/** What the server answers for anything that was thrown: its HTTP status and its body. */
export function storageAnswer(thrown: unknown): { status: number; body: Record<string, string> } {
  const error = refusalOf(thrown);
  const status = error.statusCode === 500 ? 500 : 400;
  const { code, message } = error;
  return { status, body: { statusCode: String(error.statusCode), code, error: error.error, message } };
}

function refusalOf(thrown: unknown): StorageError {
  if (thrown instanceof StorageError) return thrown;
  if (thrown instanceof pg.DatabaseError) {
    if (thrown.code === '42501') return refusals.denied(thrown.message);
    if (thrown.code === '23505') return refusals.duplicate();
    if (thrown.code === '23503') return new StorageError(404, 'InvalidRequest', 'The related resource does not exist');
    return new StorageError(500, 'DatabaseError', thrown.message);
  }
  return new StorageError(500, 'InternalError', thrown instanceof Error ? thrown.message : 'Internal server error');
}
