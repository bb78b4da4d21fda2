import { expect, it } from 'vitest';
import { tableName } from './sql-name.ts';

it.each([
  ['public', 'orders', 'public.orders'],
  ['Sales', 'line items', '"Sales"."line items"'],
  ['a.b', 'say "hi"', '"a.b"."say ""hi"""'],
])('writes the table of %j and %j as SQL does', (schema, name, written) => {
  expect(tableName(schema, name)).toBe(written);
});
