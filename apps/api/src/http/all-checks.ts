import { OperationError, type FieldError } from '@holdfast/contracts';

/** The refusal of a request whose fields are wrong; name all of them at once. */
export const invalidFields = (errors: FieldError[], hint?: string): OperationError =>
  new OperationError('request.invalid', `Please correct: ${errors.map(({ at }) => at).join(', ')}`, {
    ...(hint === undefined ? {} : { hint }),
    errors,
  });

/**
 * Makes all checks of a request and throws once, naming every wrong field that any of them named; nobody shall correct
 * one only to hear of the next. The code is theirs if they agree, else `request.invalid`. Answers what they answered.
 */
export async function allChecks<T extends unknown[]>(
  ...checks: { [K in keyof T]: () => Promise<T[K]> | T[K] }
): Promise<T> {
  const found: OperationError[] = [];
  const answers: unknown[] = [];
  for (const check of checks) {
    try {
      answers.push(await check());
    } catch (error) {
      if (!(error instanceof OperationError) || error.errors === undefined) throw error;
      found.push(error);
    }
  }
  const [first, ...more] = found;
  if (!first) return answers as T;
  if (more.length === 0) throw first;
  const hints = [...new Set(found.flatMap(({ hint }) => hint ?? []))].join(' ');
  const all = invalidFields(
    found.flatMap(({ errors }) => errors ?? []),
    hints === '' ? undefined : hints,
  );
  if (more.some(({ code }) => code !== first.code)) throw all;
  throw new OperationError(first.code, all.message, {
    ...(all.hint === undefined ? {} : { hint: all.hint }),
    ...(all.errors === undefined ? {} : { errors: all.errors }),
  });
}
