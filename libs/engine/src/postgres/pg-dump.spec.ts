import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conninfo } from './connection.ts';
import { RestrictFilter } from './pg-dump.ts';

const KEY = '0123456789abcdef';

/** Feeds a text in pieces of this length, and answers what comes out. */
function filtered(text: string, piece: number, key = KEY): string {
  const filter = new RestrictFilter(key);
  let out = '';
  for (let at = 0; at < text.length; at += piece) out += filter.push(text.slice(at, at + piece));
  return out + filter.end();
}

describe('the restrict filter', () => {
  const dump = `--\n\\restrict ${KEY}\n\nSET x = 1;\nCREATE FUNCTION f() AS '\n\\restrict other\n';\n\\unrestrict ${KEY}\n\n`;

  it('takes out the two lines of its own key and nothing else, however the text is cut', () => {
    const expected = dump.replace(`\\restrict ${KEY}\n`, '').replace(`\\unrestrict ${KEY}\n`, '');
    for (const piece of [1, 2, 7, 64, dump.length]) expect(filtered(dump, piece)).toBe(expected);
  });

  it('leaves lines that only look like it', () => {
    const text = [
      ` \\restrict ${KEY}`,
      `\\restrict ${KEY} `,
      `\\restrict ${KEY}0`,
      `-- \\unrestrict ${KEY}`,
      'restrict',
      `\\restrict ${KEY}`,
    ].join('\n');
    expect(filtered(text, 5)).toBe(text);
  });

  it('gives back any text without such lines as it came', () => {
    const line = fc.string({ unit: fc.constantFrom('\\', 'restrict', 'unrestrict', ' ', '\r', 'é', '🙂', '0', 'x') });
    const text = fc.array(line).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (given, piece) => {
        expect(filtered(given, piece)).toBe(given);
      }),
      { numRuns: 500 },
    );
  });
});

/** Reads a conninfo string as libpq's documentation says it does. */
function parse(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const pair = /\s*([a-z_]+)='((?:[^'\\]|\\[\s\S])*)'(?=\s|$)/y;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (!match) throw new Error(`not a conninfo string from ${pair.lastIndex}: ${text}`);
    found[match[1] ?? ''] = (match[2] ?? '').replaceAll(/\\([\s\S])/g, '$1');
  }
  return found;
}

const target = {
  ...{ host: 'db.example', port: 5433, database: 'shop', user: 'me', password: 'secret' },
  ...{ tlsMode: 'verify-full' as const, caCertificate: null },
};

describe('conninfo', () => {
  it.each([
    '--file=/x',
    'host=evil port=1',
    "it's",
    '\\',
    "\\' dbname='other",
    'postgresql://evil/x',
    '',
    'two\nlines',
    "' host='evil",
  ])('keeps the database %j one value', (database) => {
    const read = parse(conninfo({ ...target, database }, null));
    expect(read).toMatchObject({ host: 'db.example', port: '5433', dbname: database, user: 'me' });
  });

  it('keeps every value as it is, whatever it holds, and never the password', () => {
    const any = fc.string({ unit: fc.constantFrom("'", '\\', ' ', '=', 'host', 'dbname', '\n', 'é', 'x') });
    fc.assert(
      fc.property(any, any, any, (host, database, user) => {
        const text = conninfo({ ...target, host, database, user }, `/tmp/${user}`);
        expect(parse(text)).toEqual({
          ...{ host, port: '5433', dbname: database, user, sslmode: 'verify-full', sslrootcert: `/tmp/${user}` },
          ...{ connect_timeout: '10', application_name: 'holdfast' },
        });
        expect(text).not.toContain('secret');
      }),
      { numRuns: 500 },
    );
  });
});
