import { describe, expect, it } from 'vitest';
import { settleExpression, settleRoutine } from './expressions.ts';

describe('settleExpression', () => {
  it.each([
    [
      `((k)::text = ANY ((ARRAY['a'::character varying, 'b, ('::character varying])::text[]))`,
      `((k)::text = ANY (ARRAY[('a'::character varying)::text, ('b, ('::character varying)::text]))`,
    ],
    [
      `(ARRAY[ARRAY[1, 2], ARRAY[f(3, 4), 5]])::bigint[]`,
      `ARRAY[ARRAY[(1)::bigint, (2)::bigint], ARRAY[(f(3, 4))::bigint, (5)::bigint]]`,
    ],
    [
      `(ARRAY['it''s', E'\\'', "od]d".x])::"odd ""type"""[]`,
      `ARRAY[('it''s')::"odd ""type""", (E'\\'')::"odd ""type""", ("od]d".x)::"odd ""type"""]`,
    ],
    [`(ARRAY[a[1], b[2]])::numeric(10,2)[]`, `ARRAY[(a[1])::numeric(10,2), (b[2])::numeric(10,2)]`],
    [`(ARRAY[(ARRAY['x'])::text[]])::t[]`, `ARRAY[(ARRAY[('x')::text])::t]`],
    [`(ARRAY['x'])::timestamp without time zone[]`, `ARRAY[('x')::timestamp without time zone]`],
    [`FROM ( VALUES (1), (2)) x`, `FROM (VALUES (1), (2)) x`],
  ])('%s is the same before and after a restore', (before, after) => {
    expect(settleExpression(before)).toBe(after);
    expect(settleExpression(after)).toBe(after);
  });

  it.each([
    `'(ARRAY[1])::text[] ( x'`,
    `"( (ARRAY[1])::text[]"`,
    `(ARRAY[1, 2])::text`,
    `(ARRAY[1, 2] || 3)::bigint[]`,
    `(ARRAY[1, 2`,
    `'unclosed (ARRAY[ ( `,
  ])('%s is left as it is', (text) => {
    expect(settleExpression(text)).toBe(text);
  });
});

describe('settleRoutine', () => {
  it('leaves a body of text as its author wrote it', () => {
    const definition = `security invoker\narguments (a text[] DEFAULT (ARRAY['x'])::text[])\nas select ( (ARRAY['x'])::text[] )\narguments ( `;
    expect(settleRoutine(definition)).toBe(
      `security invoker\narguments (a text[] DEFAULT ARRAY[('x')::text])\nas select ( (ARRAY['x'])::text[] )\narguments ( `,
    );
  });

  it('settles a standard body', () => {
    expect(settleRoutine(`returns text\nas standard sql RETURN ( (ARRAY['x'])::text[])`)).toBe(
      `returns text\nas standard sql RETURN (ARRAY[('x')::text])`,
    );
  });
});
