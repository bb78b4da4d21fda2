import type { OpenAPIObject } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode, type Permission } from '@holdfast/contracts';
import { sampleOf, type Json, type Schemas } from './openapi-samples.ts';
import { jsonSchemaOf } from './openapi-schema.ts';
import { Problem, PROBLEM_MEDIA_TYPE, statusOf } from './problem.ts';

type Content = Record<string, { schema?: Json; example?: unknown; examples?: unknown }>;
type Response = { description: string; content?: Content };

interface Operation extends Json {
  parameters?: { in: string }[];
  requestBody?: { content?: Content };
  responses: Record<string, Response>;
  description?: string;
  security?: unknown;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Every error that a route can answer: its own, and those that follow from how it is declared. */
function codesOf(operation: Operation): ErrorCode[] {
  const codes = new Set(operation['x-problems'] as ErrorCode[] | undefined);
  const parameters = operation.parameters ?? [];
  if (operation.requestBody !== undefined || parameters.length > 0) codes.add('request.invalid');
  if (operation.requestBody !== undefined) codes.add('request.too_large');
  if (parameters.some((parameter) => parameter.in === 'path')) codes.add('resource.not_found');
  if (operation['x-public'] !== true) codes.add('auth.required').add('auth.forbidden');
  if (operation['x-idempotent'] === true) codes.add('request.idempotency_reused');
  if (operation['x-if-match'] === true) codes.add('request.if_match_required').add('request.if_match_failed');
  return [...codes.add('internal.error').add('database.unavailable')];
}

function problemResponses(codes: ErrorCode[]): Record<string, Response> {
  const byStatus = Map.groupBy(codes, statusOf);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      String(status),
      {
        description: same.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}`).join('. '),
        content: {
          [PROBLEM_MEDIA_TYPE]: {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(same.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
}

const exampleOf = (code: ErrorCode): Problem => {
  const { status, title } = ERROR_CODES[code];
  return { type: `urn:holdfast:problem:${code}`, title, status, code, detail: title };
};

/** Every body has an example: written beside its schema, or made from it. */
function addExamples(content: Content | undefined, schemas: Schemas, input: boolean): void {
  for (const [type, media] of Object.entries(content ?? {})) {
    const given = media.example !== undefined || media.examples !== undefined;
    if (media.schema && type === 'application/json' && !given) media.example = sampleOf(media.schema, schemas, input);
  }
}

function completeOperation(operation: Operation, schemas: Schemas): void {
  addExamples(operation.requestBody?.content, schemas, true);
  for (const response of Object.values(operation.responses)) addExamples(response.content, schemas, false);
  const codes = codesOf(operation);
  operation.responses = { ...operation.responses, ...problemResponses(codes) };
  const permission = operation['x-permission'] as Permission | undefined;
  const needs = permission === undefined ? 'Needs no sign-in.' : `Needs the permission \`${permission}\`.`;
  operation.description = [operation.description, needs].filter(Boolean).join('\n\n');
  operation.security = permission === undefined ? [] : [{ cookie: [] }, { bearer: [] }];
  operation['x-problems'] = codes;
  for (const marker of ['x-public', 'x-idempotent', 'x-if-match']) delete operation[marker];
}

/** Adds to Nest's document what it cannot know: errors, permissions, security. */
export function completed(document: OpenAPIObject): OpenAPIObject {
  const problem = jsonSchemaOf(Problem, { schemaType: 'output' })?.components?.['Problem'];
  const schemas = { ...document.components?.schemas, Problem: problem };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method] as unknown as Operation | undefined;
      if (operation) completeOperation(operation, schemas as Schemas);
    }
  }
  const { openapi, info, servers, tags, paths } = document;
  return { openapi, info, servers, tags, paths, components: { ...document.components, schemas } };
}
