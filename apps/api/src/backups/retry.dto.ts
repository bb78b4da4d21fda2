import { z } from 'zod';

export const RetryOperation = z
  .strictObject({
    confirm: z
      .string()
      .max(200)
      .nullable()
      .default(null)
      .describe("The target environment's name, where the restore needs it typed; the earlier one does not count"),
  })
  .meta({ id: 'RetryOperation', example: { confirm: null } });
export type RetryOperation = z.output<typeof RetryOperation>;
