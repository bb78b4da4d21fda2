import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { OperationError, type FieldError } from '@holdfast/contracts';
import { z } from 'zod';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const pathOf = (issue: Issue): string =>
  (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');

/** Every bad field of a value at once; a strict object's unknown keys are named one by one. */
export function fieldErrors(issues: readonly Issue[]): FieldError[] {
  return issues.flatMap((issue) => {
    const at = pathOf(issue);
    const { keys } = issue as { keys?: readonly string[] };
    if (!keys) return [{ at, message: issue.message }];
    return keys.map((key) => ({ at: at ? `${at}.${key}` : key, message: 'is not known here' }));
  });
}

/** `request.invalid` for what a schema found. */
export const invalidRequest = (issues: readonly Issue[]): OperationError => invalidFieldsOf(fieldErrors(issues));

const invalidFieldsOf = (errors: FieldError[]): OperationError => {
  const named = errors.map((error) => error.at || 'the body').slice(0, 10);
  return new OperationError('request.invalid', `Please correct: ${named.join(', ')}`, { errors });
};

const isList = (schema: unknown): boolean => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return isList(schema.unwrap());
  return schema instanceof z.ZodArray;
};

/** A query's single value becomes a list where the schema wants one: `?tags=a` is `?tags=a&tags=b` with one tag. */
function listsOfQuery(query: unknown, schema: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || typeof query !== 'object' || query === null) return query;
  const shape: Record<string, unknown> = schema.shape;
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [key, isList(shape[key]) && !Array.isArray(value) ? [value] : value]),
  );
}

/** Validates bodies, queries and parameters with their zod schema; throws `request.invalid`. */
export class ValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: invalidRequest });
  }

  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    try {
      return await this.check(value, metadata);
    } catch (error) {
      // A parameter of the path is a value of its own: its name is where the route has it.
      const { type, data = '' } = metadata;
      if (type !== 'param' || !(error instanceof OperationError) || !error.errors) throw error;
      throw invalidFieldsOf(error.errors.map(({ at, message }) => ({ at: at || data, message })));
    }
  }

  private check<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const given = metadata.type === 'query' ? listsOfQuery(value, metadata.schema) : value;
    // A missing body is an empty one: the schema then names the fields that are missing.
    const whole = metadata.type === 'body' && given === undefined ? {} : given;
    return super.transform(whole as T, metadata);
  }
}
