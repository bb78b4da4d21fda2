import { describe, expect, it } from 'vitest';
import { parseEnv } from './env-file.ts';

const pairsOf = (text: string): string[][] | undefined => parseEnv(text)?.map(({ name, value }) => [name, value]);

describe('the variables of an .env file', () => {
  it.each(['"', "'", '`'])('goes on over lines until %s closes', (quote) => {
    const key = '-----BEGIN KEY-----\nMIIBVw=\nmiddle=x\n\n# no comment\n-----END KEY-----';
    const text = `A=1\nexport KEY=${quote}${key}${quote} # for mails\nB=2`;
    const all = [
      ['A', '1'],
      ['KEY', key],
      ['B', '2'],
    ];
    expect(pairsOf(text)).toEqual(all);
    expect(pairsOf(text.replaceAll('\n', '\r\n'))).toEqual(all);
  });

  it.each([
    ['a comment that holds a quote', `# it's "x\nA=1`, [['A', '1']]],
    [
      'another quote inside',
      `A="it's\n\`fine\`"\nB=2`,
      [
        ['A', "it's\n`fine`"],
        ['B', '2'],
      ],
    ],
    [
      'an escaped quote',
      'A="say \\"x=1\\"\ny=2"\nB=3',
      [
        ['A', 'say \\"x=1\\"\ny=2'],
        ['B', '3'],
      ],
    ],
    [
      'quotes inside a line',
      'A="{"a":"b"}"\nB=2',
      [
        ['A', '{"a":"b"}'],
        ['B', '2'],
      ],
    ],
    [
      'a backslash before the end',
      "A='C:\\dir\\'\nB='2'",
      [
        ['A', 'C:\\dir\\'],
        ['B', '2'],
      ],
    ],
    [
      'line breaks by their letters',
      `A="a\\nb"\nB='a\\nb'`,
      [
        ['A', 'a\nb'],
        ['B', 'a\\nb'],
      ],
    ],
    [
      'a quote on the next line',
      'A=\n  "b\nx=1"\nB=2',
      [
        ['A', 'b\nx=1'],
        ['B', '2'],
      ],
    ],
    [
      'a colon',
      'A: "b\nx=1"\nB=2',
      [
        ['A', 'b\nx=1'],
        ['B', '2'],
      ],
    ],
    ['no name before it', '1-A="b\nx=1"\nB=2', [['B', '2']]],
    [
      'comments behind bare values',
      'A=b # c\nB=b#c\nC= # c\nD=x"y',
      [
        ['A', 'b'],
        ['B', 'b#c'],
        ['C', ''],
        ['D', 'x"y'],
      ],
    ],
    [
      'neither values nor names',
      'A=\nwords\n=x\nB=""',
      [
        ['A', ''],
        ['B', ''],
      ],
    ],
  ])('is read with %s', (_what, text, all) => {
    expect(pairsOf(text)).toEqual(all);
  });

  it.each(['A="b\nx=1\n', "A='", 'A="b\\"c\nx=1', 'A="b"c\nx=1', "A=1\nB='b\nx=1\nC='2'"])(
    'is not read where a quote does not close: %j',
    (text) => {
      expect(parseEnv(text)).toBeNull();
    },
  );

  it('is read in no time, however long a value is', () => {
    const value = '\\"  '.repeat(250_000);
    // compared here: a difference of a megabyte is nothing to print
    expect(parseEnv(`A="${value}"`)?.[0]?.value === value).toBe(true);
    expect(parseEnv(`A="${value}x`) === null).toBe(true);
    expect(parseEnv(`A=${' '.repeat(1_000_000)}x`)).toEqual([{ name: 'A', value: 'x' }]);
  });
});
