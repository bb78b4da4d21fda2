import { describe, expect, it } from 'vitest';
import { splitStatements } from './statements.ts';

const split = (sql: string): string[] => [...splitStatements(sql)].map(({ text }) => text);

describe('splitStatements', () => {
  it('sees through quotes, dollar quotes, comments and parentheses', () => {
    const statements = [
      `SELECT 'a;b', 'it''s;', E'x\\';y', "odd;""name";`,
      `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $x$ BEGIN; $y$ ; $y$ -- Name: no; Type: TABLE; Schema: a; Owner: b\nEND; $x$;`,
      `CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);`,
      `SELECT 1 /* ; /* nested ; */ ; */ + 2 -- ; no end\n;`,
      `SELECT $$;$$, a$b, $1;`,
    ];
    expect(split(statements.join('\n\n'))).toEqual(statements);
  });

  it('keeps a body in SQL standard form together', () => {
    const body = `CREATE FUNCTION "public"."f"() RETURNS integer LANGUAGE "sql"\n    BEGIN ATOMIC\n  SELECT CASE WHEN true THEN (SELECT 1) ELSE 2 END;\n SELECT 3;\nEND;`;
    expect(split(`${body}\nSELECT 1;`)).toEqual([body, 'SELECT 1;']);
    const procedure = `CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END;`;
    expect(split(`${procedure} SELECT 'END';`)).toEqual([procedure, `SELECT 'END';`]);
  });

  it('names the object that pg_dump says a statement belongs to', () => {
    const sql = `--\n-- PostgreSQL database dump\n--\n\nSET x = 1;\n\n--\n-- Name: a; b; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE t();\nALTER TABLE t OWNER TO me;\n\n--\n-- Name: SCHEMA s; Type: COMMENT; Schema: -; Owner: \n--\n\nCOMMENT ON SCHEMA s IS '-- Name: x; Type: Y; Schema: z; Owner: w\n';\n`;
    const found = [...splitStatements(sql)];
    expect(found.map(({ entry }) => entry)).toEqual([
      null,
      { name: 'a; b', type: 'TABLE', schema: 'public' },
      { name: 'a; b', type: 'TABLE', schema: 'public' },
      { name: 'SCHEMA s', type: 'COMMENT', schema: null },
    ]);
    expect(found.map(({ line }) => line)).toEqual([5, 11, 12, 18]);
  });
});
