import { createHash } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { deriveKey } from './keys.ts';
import { open, seal } from './seal.ts';

const ENCODING = 'binary/encrypted';
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const text = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString('utf8') : '');

/**
 * Temporal's payloads, sealed before they leave the process: AES-256-GCM over the whole payload, with the id of the
 * key in clear metadata. Decoding leaves unsealed payloads as they are, and throws for another key or a changed bit.
 */
export function encryptedPayloadCodec(masterKey: Uint8Array): PayloadCodec {
  const key = deriveKey(masterKey, 'temporal-payloads');
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 16);

  const encode = (payload: Payload): Payload => ({
    metadata: { encoding: Buffer.from(ENCODING), 'encryption-key-id': Buffer.from(keyId) },
    data: seal(key, PayloadMessage.encode(payload).finish(), keyId),
  });

  const decode = (payload: Payload): Payload => {
    if (text(payload.metadata?.['encoding']) !== ENCODING) return payload;
    const usedKeyId = text(payload.metadata?.['encryption-key-id']);
    if (usedKeyId !== keyId) throw new Error(`The payload is sealed with key ${usedKeyId}, this process has ${keyId}`);
    return PayloadMessage.decode(open(key, payload.data ?? new Uint8Array(), keyId));
  };

  return {
    encode: (payloads) => Promise.resolve(payloads.map(encode)),
    decode: async (payloads) => payloads.map(decode),
  };
}
