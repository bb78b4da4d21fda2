/**
 * The closed table of error codes: `status` is the HTTP status the API answers with, `retryable` says whether
 * trying the same again can help (Temporal retries only those).
 */
export const ERROR_CODES = {
  'request.invalid': { status: 400, title: 'The request is malformed', retryable: false },
  'request.if_match_required': { status: 428, title: 'If-Match is required', retryable: false },
  'request.if_match_failed': { status: 412, title: 'The resource was changed by someone else', retryable: false },
  'request.idempotency_reused': { status: 422, title: 'Idempotency-Key used for another request', retryable: false },
  'request.too_large': { status: 413, title: 'The request is too large', retryable: false },
  'rate.limited': { status: 429, title: 'Too many requests', retryable: true },
  'auth.required': { status: 401, title: 'Sign in first', retryable: false },
  'auth.failed': { status: 401, title: 'E-mail or password is wrong', retryable: false },
  'auth.forbidden': { status: 403, title: 'Not allowed', retryable: false },
  'auth.cross_site': { status: 403, title: 'The request comes from another site', retryable: false },
  'resource.not_found': { status: 404, title: 'Not found', retryable: false },
  'resource.conflict': { status: 409, title: 'That is taken already', retryable: false },
  'resource.in_use': { status: 409, title: 'The resource is in use', retryable: false },
  'internal.error': { status: 500, title: 'Something went wrong on our side', retryable: true },
  'config.invalid': { status: 500, title: 'The configuration is invalid', retryable: false },
  'secret.unreadable': { status: 500, title: 'A stored secret cannot be opened', retryable: false },
  'database.unavailable': { status: 503, title: 'Our own database does not answer', retryable: true },
  'temporal.unavailable': { status: 503, title: 'Temporal does not answer', retryable: true },
  'worker.unavailable': { status: 503, title: 'No worker answers', retryable: true },
  'operation.environment_busy': { status: 409, title: 'Another operation holds the environment', retryable: false },
  'operation.repository_busy': { status: 409, title: 'Another operation holds the repository', retryable: true },
  'operation.not_cancellable': { status: 409, title: 'The operation has already ended', retryable: false },
  'operation.not_retryable': { status: 409, title: 'The operation cannot be retried', retryable: false },
  'operation.already_ended': { status: 409, title: 'The operation has already ended', retryable: false },
  'operation.cancelled': { status: 409, title: 'The operation was cancelled', retryable: false },
  'operation.never_started': { status: 503, title: 'The workflow never started', retryable: false },
  'operation.terminated': { status: 409, title: 'The workflow was terminated', retryable: false },
  'operation.worker_lost': { status: 503, title: 'No worker came back to finish it', retryable: false },
  'operation.failed': { status: 500, title: 'The operation failed', retryable: false },
  'environment.address_refused': { status: 400, title: 'The address is not allowed', retryable: false },
  'environment.unreachable': { status: 502, title: 'The server cannot be reached', retryable: true },
  'environment.sign_in_failed': { status: 422, title: 'The server refused the user or password', retryable: false },
  'environment.tls_failed': { status: 422, title: 'The TLS connection could not be made', retryable: false },
  'environment.database_missing': { status: 422, title: 'The database does not exist', retryable: false },
  'postgres.connection_lost': { status: 502, title: 'The connection to the server was lost', retryable: true },
  'postgres.lock_timeout': { status: 409, title: 'A table is locked by someone else', retryable: false },
  'postgres.permission_denied': { status: 422, title: 'The role lacks a right', retryable: false },
  'postgres.rows_hidden': { status: 422, title: 'Row-level security would hide rows', retryable: false },
  'postgres.table_changed': { status: 409, title: 'A table was changed while it was read', retryable: true },
  'postgres.client_missing': { status: 422, title: 'No pg_dump for this server version', retryable: false },
  'postgres.version_unsupported': { status: 422, title: 'The server version is not supported', retryable: false },
  'postgres.dump_failed': { status: 422, title: 'pg_dump failed', retryable: false },
  'postgres.dump_empty': { status: 422, title: 'pg_dump wrote nothing', retryable: true },
  'postgres.statement_failed': { status: 422, title: 'A statement failed', retryable: false },
  'postgres.server_missing': {
    status: 422,
    title: 'No Postgres server of this version is installed',
    retryable: false,
  },
  'postgres.server_failed': { status: 500, title: 'A Postgres server of ours did not start', retryable: true },
  'repository.unreachable': { status: 502, title: 'The repository cannot be reached', retryable: true },
  'repository.full': { status: 507, title: 'The repository is full', retryable: false },
  'repository.missing': { status: 422, title: 'There is no repository at this place', retryable: false },
  'repository.foreign': { status: 422, title: 'Another repository lives at this place', retryable: false },
  'repository.occupied': { status: 422, title: 'The place is not empty', retryable: false },
  'repository.format_unsupported': { status: 422, title: 'The repository format is not supported', retryable: false },
  'repository.path_refused': { status: 400, title: 'The path is not allowed', retryable: false },
  'manifest.missing': { status: 404, title: 'The manifest is missing', retryable: false },
  'manifest.damaged': { status: 422, title: 'The manifest is damaged', retryable: false },
  'backup.damaged': { status: 422, title: 'The backup is damaged', retryable: false },
  'backup.not_written': { status: 500, title: 'What was written does not read back the same', retryable: true },
  'backup.component_unavailable': { status: 422, title: 'The environment cannot give this part', retryable: false },
  'restore.target_not_empty': { status: 409, title: 'The target is not empty', retryable: false },
  'restore.target_exists': { status: 409, title: 'The target database exists', retryable: false },
  'restore.wrong_target': { status: 409, title: 'The target is not where the backup came from', retryable: false },
  'restore.safety_backup_declined': { status: 409, title: 'A production target is backed up first', retryable: false },
  'restore.quarantine_failed': { status: 422, title: 'The restored copy could not be quarantined', retryable: false },
  'restore.not_quarantined': { status: 409, title: 'There is no quarantine to release', retryable: false },
  'restore.preflight_failed': { status: 422, title: 'The pre-flight check found a reason to stop', retryable: false },
  'restore.selection_unknown': { status: 422, title: 'The backup holds no such table or schema', retryable: false },
  'restore.differs': { status: 422, title: 'What was restored differs from the backup', retryable: false },
  'storage.unreachable': { status: 502, title: "The project's storage does not answer", retryable: true },
  'storage.refused': { status: 422, title: "The project's storage refused the request", retryable: false },
  'storage.bucket_unknown': { status: 422, title: 'There is no such bucket', retryable: false },
  'storage.missing': { status: 422, title: 'The database has no storage schema', retryable: false },
  'management.unreachable': { status: 502, title: 'The Management API does not answer', retryable: true },
  'management.refused': { status: 422, title: 'The Management API refused the request', retryable: false },
  'functions.directory_missing': { status: 422, title: 'The functions directory cannot be read', retryable: false },
  'functions.path_refused': {
    status: 422,
    title: "A function's file has a name that is not allowed",
    retryable: false,
  },
  'functions.too_many': { status: 422, title: 'There are more files than functions may have', retryable: false },
  'view.too_many': { status: 409, title: 'There are as many saved views as there may be', retryable: false },
  'verify.scratch_unavailable': { status: 422, title: 'No scratch server for a trial restore', retryable: false },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** True for a code of the table; for text that crossed a process. */
export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && code in ERROR_CODES;

/** One wrong field of a request: `at` is a dotted path, `message` says what is expected. */
export interface FieldError {
  at: string;
  message: string;
}

export interface OperationErrorOptions {
  hint?: string;
  cause?: unknown;
  /** Overrides the table's word on whether a retry can help. */
  retryable?: boolean;
  errors?: FieldError[];
}

/** The one error of this product: a stable code, a message for people (never a secret), and a hint on what to do. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly errors: FieldError[] | undefined;

  constructor(code: ErrorCode, message: string, options: OperationErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.errors = options.errors;
  }
}
