import { expect, it } from 'vitest';
import { splitStatements, type Statement } from '../postgres/statements.ts';
import { keyIndex } from './key-indexes.ts';

const statements = (sql: string): Statement[] => [...splitStatements(sql)];
const key = (kind: string, name = '"a ""key"""'): string =>
  `ALTER TABLE ONLY "odd ""one"""."a.b"\n    ADD CONSTRAINT ${name} ${kind};`;

it('makes an index of a plain key, and the key of that index', () => {
  const lane = statements(
    key('PRIMARY KEY ("id", "a,b")') + '\nALTER TABLE "odd ""one"""."a.b" CLUSTER ON "a ""key""";',
  );
  const split = keyIndex(lane);
  expect(split?.index.text).toBe('CREATE UNIQUE INDEX "a ""key""" ON "odd ""one"""."a.b" ("id", "a,b")');
  expect(split?.attach.map(({ text }) => text)).toEqual([
    'ALTER TABLE ONLY "odd ""one"""."a.b" ADD CONSTRAINT "a ""key""" PRIMARY KEY USING INDEX "a ""key"""',
    'ALTER TABLE "odd ""one"""."a.b" CLUSTER ON "a ""key""";',
  ]);
  expect(split?.lane).toBe(lane);
});

it.each([
  'UNIQUE ("a") INCLUDE ("b")',
  'UNIQUE NULLS NOT DISTINCT ("a")',
  'UNIQUE ("a") DEFERRABLE',
  `PRIMARY KEY ("a") WITH (fillfactor='70')`,
  'PRIMARY KEY ("a", "at" WITHOUT OVERLAPS)',
  'EXCLUDE USING "gist" ("a" WITH =)',
  'CHECK (("a" > 0)) NOT VALID',
])('leaves %s as it was written', (kind) => {
  expect(keyIndex(statements(key(kind)))).toBeNull();
});
