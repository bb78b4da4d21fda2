import { randomBytes } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import {
  decodeFromPayloadsAtIndex,
  encodeToPayloads,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/data-converter-helpers.js';
import { describe, expect, it } from 'vitest';
import { encryptedPayloadCodec } from './index.ts';

const masterKey = randomBytes(32);
const converter = loadDataConverter({ payloadCodecs: [encryptedPayloadCodec(masterKey)] });
const value = { operationId: '0193', input: { name: 'nightly ☾', tags: ['a', 'b'] } };

const encoded = async (of: unknown): Promise<Payload> => {
  const [payload] = (await encodeToPayloads(converter, of)) ?? [];
  if (payload === undefined) throw new Error('nothing was encoded');
  return payload;
};

describe('the payload codec in a data converter', () => {
  it('gives back every value', async () => {
    for (const given of [value, null, [], 'text', 7, new Uint8Array([0, 255])]) {
      const payload = await encoded(given);
      expect(await decodeFromPayloadsAtIndex(converter, 0, [payload])).toEqual(given);
    }
  });

  it('shows nothing of the value and names its key', async () => {
    const payload = await encoded(value);
    expect(Buffer.from(payload.data ?? []).includes('nightly')).toBe(false);
    expect(Buffer.from(payload.metadata?.['encoding'] ?? []).toString()).toBe('binary/encrypted');
    expect(Buffer.from(payload.metadata?.['encryption-key-id'] ?? []).toString()).toMatch(/^[0-9a-f]{16}$/);
  });

  it('refuses any flipped bit', async () => {
    const payload = await encoded('x');
    const data = Buffer.from(payload.data ?? []);
    for (let bit = 0; bit < data.length * 8; bit++) {
      const changed = Buffer.from(data);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      await expect(encryptedPayloadCodec(masterKey).decode([{ ...payload, data: changed }])).rejects.toThrow();
    }
  });

  it('names both keys when it meets another one', async () => {
    const other = encryptedPayloadCodec(randomBytes(32));
    await expect(other.decode([await encoded(value)])).rejects.toThrow(/sealed with key [0-9a-f]{16}/);
  });

  it('leaves payloads alone that were never sealed', async () => {
    const plain = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('1') };
    expect(await encryptedPayloadCodec(masterKey).decode([plain])).toEqual([plain]);
  });
});
