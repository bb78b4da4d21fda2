import type { StandardSchemaConverter } from '@nestjs/swagger';
import { z } from 'zod';
import type { Json } from './openapi-samples.ts';

/**
 * Without what says nothing in OpenAPI: the names of components, patterns that a format says better, and that answers
 * are closed (they may grow).
 */
function cleaned(node: unknown, input: boolean): unknown {
  if (Array.isArray(node)) return node.map((inner) => cleaned(inner, input));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => key !== '$schema' && !(key === 'id' && typeof value === 'string'))
      .filter(([key]) => !(key === 'pattern' && 'format' in node))
      .filter(([key, value]) => input || !(key === 'additionalProperties' && value === false))
      .map(([key, value]) => [key, key === 'example' || key === 'examples' ? value : cleaned(value, input)]),
  );
}

/** A zod schema in JSON Schema 2020-12, which is OpenAPI 3.1's own dialect; `.meta({ id })` names a component. */
export const jsonSchemaOf: StandardSchemaConverter = (schema, { schemaType }) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const input = schemaType === 'input';
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: schemaType });
  const components = Object.fromEntries(
    Object.entries($defs).map(([name, definition]) => [name, cleaned(definition, input)]),
  );
  const own = typeof root.id === 'string' ? root.id : undefined;
  if (own === undefined) return { schema: cleaned(root, input), components: components as Json };
  return {
    schema: { $ref: `#/components/schemas/${own}` },
    components: { ...components, [own]: cleaned(root, input) } as Json,
  };
};
