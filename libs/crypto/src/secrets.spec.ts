import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKey, openSecret, sealSecret } from './index.ts';

const masterKey = randomBytes(32);
const context = 'environment:0193';

describe('sealed secrets', () => {
  it('open to what was sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (plain) => {
        expect(openSecret(masterKey, sealSecret(masterKey, plain, context), context)).toBe(plain);
      }),
    );
  });

  it('never look the same twice and never show the secret', () => {
    const [first, second] = [sealSecret(masterKey, 'hunter2', context), sealSecret(masterKey, 'hunter2', context)];
    expect(first).toMatch(/^v1\.[\w-]+$/);
    expect(first).not.toBe(second);
    expect(Buffer.from(first.slice(3), 'base64url').includes('hunter2')).toBe(false);
  });

  it('refuse another context', () => {
    const sealed = sealSecret(masterKey, 'hunter2', context);
    expect(() => openSecret(masterKey, sealed, 'environment:0194')).toThrow(/does not open/);
  });

  it('refuse another key', () => {
    const sealed = sealSecret(masterKey, 'hunter2', context);
    expect(() => openSecret(randomBytes(32), sealed, context)).toThrow(/does not open/);
  });

  it('refuse any flipped bit', () => {
    const bytes = Buffer.from(sealSecret(masterKey, 'hunter2', context).slice(3), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => openSecret(masterKey, `v1.${changed.toString('base64url')}`, context)).toThrow();
    }
  });

  it('refuse a cut text, an unknown version and foreign characters', () => {
    const sealed = sealSecret(masterKey, 'hunter2', context);
    for (const wrong of ['', 'v1.', sealed.slice(0, -4), sealed.replace('v1.', 'v2.'), `${sealed}!`, 'v1.AAAA']) {
      expect(() => openSecret(masterKey, wrong, context)).toThrow();
    }
  });
});

describe('derived keys', () => {
  it('are the same for the same purpose and another for another', () => {
    expect(deriveKey(masterKey, 'a')).toEqual(deriveKey(masterKey, 'a'));
    expect(deriveKey(masterKey, 'a')).not.toEqual(deriveKey(masterKey, 'b'));
    expect(deriveKey(masterKey, 'a')).toHaveLength(32);
  });

  it('need a master key of 32 bytes', () => {
    expect(() => deriveKey(new Uint8Array(16), 'a')).toThrow('32 bytes');
  });
});
