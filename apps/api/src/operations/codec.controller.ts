import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OperationError } from '@holdfast/contracts';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { CONFIG } from '../database/database.module.ts';
import { Can } from '../http/access.ts';
import { AllowOrigin } from '../http/cross-origin.ts';
import { Answers, Describe } from '../http/describe.ts';

const Payload = z
  .object({
    metadata: z
      .record(z.string(), z.base64())
      .default({})
      .describe('What Temporal says of the bytes, such as `encoding`; each value in base64'),
    data: z.base64().default('').describe('The bytes, in base64'),
  })
  .meta({ id: 'Payload' });

const Payloads = z
  .object({ payloads: z.array(Payload).max(2_000).describe('Payloads as a workflow keeps them, sealed or not') })
  .meta({ id: 'Payloads' });
type Payloads = z.output<typeof Payloads>;

const PayloadsDecoded = z
  .object({
    payloads: z
      .array(
        z.object({
          metadata: z.record(z.string(), z.string()).describe('What Temporal says of the bytes; each value in base64'),
          data: z.string().describe('The opened bytes, in base64'),
        }),
      )
      .describe('The same payloads, opened, in the same order'),
  })
  .meta({ id: 'PayloadsDecoded' });
type PayloadsDecoded = z.output<typeof PayloadsDecoded>;

const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
const base64 = (data: Uint8Array | null | undefined): string => Buffer.from(data ?? []).toString('base64');

/** The remote codec of Temporal's Web UI (https://docs.temporal.io/production-deployment/data-encryption): decoding only. */
@ApiTags('codec')
@Controller('codec')
export class CodecController {
  private readonly codec;

  constructor(@Inject(CONFIG) config: Config) {
    this.codec = encryptedPayloadCodec(config.HOLDFAST_MASTER_KEY);
  }

  @Post('decode')
  @Can('payload.decode')
  @AllowOrigin('temporal-ui')
  @Describe({
    id: 'decodePayloads',
    summary: "Open encrypted workflow payloads for Temporal's Web UI",
    description: 'Set it as the codec endpoint `…/api/v1/codec` with cross-origin credentials.',
  })
  @Answers(200, PayloadsDecoded)
  async decode(@Body({ schema: Payloads }) body: Payloads): Promise<PayloadsDecoded> {
    const payloads = body.payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, bytes(value)])),
      data: bytes(data),
    }));
    return { payloads: (await this.open(payloads)).map(viewOf) };
  }

  private async open(payloads: { metadata: Record<string, Uint8Array>; data: Uint8Array }[]) {
    try {
      return await this.codec.decode(payloads);
    } catch (cause) {
      throw new OperationError('request.invalid', 'A payload does not open with the key of this installation', {
        errors: [{ at: 'payloads', message: 'cannot be opened' }],
        cause,
      });
    }
  }
}

const viewOf = (payload: {
  metadata?: Record<string, Uint8Array> | null;
  data?: Uint8Array | null;
}): PayloadsDecoded['payloads'][number] => ({
  metadata: Object.fromEntries(Object.entries(payload.metadata ?? {}).map(([key, value]) => [key, base64(value)])),
  data: base64(payload.data),
});
