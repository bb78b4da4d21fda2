import { describe, expect, it } from 'vitest';
import { RowScanner } from './row-scanner.ts';

const message = (type: string, payload: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([head, payload]);
};
const rowsOf = (lines: string[]): Buffer => Buffer.concat(lines.map((line) => message('d', Buffer.from(`${line}\n`))));

function scan(input: Buffer, piece: number, chunks?: { average: number; minimum: number; maximum: number }) {
  const scanner = new RowScanner(chunks);
  const out: Buffer[] = [];
  let used = 0;
  for (let at = 0; at < input.length; at += piece) {
    used += scanner.push(input.subarray(at, at + piece), (chunk) => out.push(Buffer.from(chunk)));
  }
  return { figures: scanner.finish((chunk) => out.push(Buffer.from(chunk))), out, used };
}

describe('RowScanner', () => {
  it('sums XXH64 of each row, as the published algorithm gives it', () => {
    // reference values of XXH64 with seed 0
    const known: [string, string][] = [
      ['', 'ef46db3751d8e999'],
      ['a', 'd24ec4f1a98c6e5b'],
      ['abc', '44bc2cf5ad770999'],
      ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
    ];
    for (const [row, hash] of known) {
      expect(scan(rowsOf([row]), 1 << 16).figures).toEqual({ rows: 1, checksum: hash, bytes: row.length + 1 });
    }
    const sum = known.reduce((total, [, hash]) => BigInt.asUintN(64, total + BigInt(`0x${hash}`)), 0n);
    const all = scan(rowsOf(known.map(([row]) => row).reverse()), 1 << 16);
    expect(all.figures.checksum).toBe(sum.toString(16).padStart(16, '0'));
  });

  it('gives the same chunks and figures however the bytes arrive', () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${i}\t${'x'.repeat((i * 7919) % 300)}\t${i * i}`);
    const input = Buffer.concat([message('H', Buffer.alloc(7)), rowsOf(lines)]);
    const chunks = { average: 4096, minimum: 1024, maximum: 16384 };
    const whole = scan(input, input.length, chunks);
    for (const piece of [1, 3, 64, 65536]) {
      const pieces = scan(input, piece, chunks);
      expect(pieces.figures).toEqual(whole.figures);
      expect(pieces.out).toEqual(whole.out);
    }
    expect(Buffer.concat(whole.out).toString()).toBe(lines.map((line) => `${line}\n`).join(''));
    expect(whole.out.length).toBeGreaterThan(40);
  });

  it('cuts the same rows again after rows were put in front', () => {
    const lines = Array.from({ length: 4000 }, (_, i) => `${i}\t${'y'.repeat((i * 31) % 200)}`);
    const chunks = { average: 4096, minimum: 1024, maximum: 16384 };
    const before = new Set(scan(rowsOf(lines), 65536, chunks).out.map((chunk) => chunk.toString('base64')));
    const after = scan(rowsOf(['new\trow', ...lines]), 65536, chunks).out;
    expect(after.filter((chunk) => !before.has(chunk.toString('base64'))).length).toBeLessThan(5);
  });

  it('splits a row longer than its buffer without changing its checksum', () => {
    const long = Buffer.alloc(21_000_003, 'q');
    const input = message('d', Buffer.concat([long, Buffer.from('\n')]));
    const { figures, out } = scan(Buffer.concat([rowsOf(['abc']), input, rowsOf(['abc'])]), 65536);
    expect(out.length).toBeGreaterThan(2);
    expect(Math.max(...out.map((chunk) => chunk.length))).toBeLessThanOrEqual(8 << 20);
    expect(Buffer.concat(out).length).toBe(long.length + 9);
    const alone = new RowScanner({ average: 1, minimum: 1, maximum: 1 });
    alone.push(input, () => undefined);
    const sum = BigInt(`0x${alone.finish(() => undefined).checksum}`) + 2n * BigInt('0x44bc2cf5ad770999');
    expect(figures.checksum).toBe(BigInt.asUintN(64, sum).toString(16).padStart(16, '0'));
  });

  it('counts stored text as it counted the rows that came', () => {
    const lines = [
      '',
      'a',
      ...Array.from({ length: 500 }, (_, i) => 'z'.repeat((i * 37) % 5000)),
      'w'.repeat(17_000_001),
    ];
    const expected = scan(rowsOf(lines), 65536).figures;
    const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    for (const piece of [4097, 1 << 20, text.length]) {
      const scanner = new RowScanner();
      for (let at = 0; at < text.length; at += piece) scanner.pushPlain(text.subarray(at, at + piece));
      expect(scanner.figures()).toEqual(expected);
    }
  });

  it('stops at a message that is not a row, and skips notices', () => {
    const rows = Buffer.concat([rowsOf(['a']), message('N', Buffer.from('hello')), rowsOf(['abc'])]);
    const scanner = new RowScanner();
    const used = scanner.push(Buffer.concat([rows, message('c', Buffer.alloc(0))]), () => undefined);
    expect(used).toBe(rows.length);
    expect(scanner.figures().rows).toBe(2);
  });
});
