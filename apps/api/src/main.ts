import 'reflect-metadata';
import { OperationError } from '@holdfast/contracts';
import { Logger } from 'nestjs-pino';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

try {
  const config = readConfig();
  const app = await createApp(config);
  await app.listen(config.HOLDFAST_API_PORT, config.HOLDFAST_API_HOST);
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  app.get(Logger).log({ url, msg: 'listening' });
} catch (error) {
  const known = error instanceof OperationError;
  const reason = known ? error.message : `${(error as Error).name}: ${(error as Error).message}`;
  process.stderr.write(`${JSON.stringify({ level: 60, msg: reason, ...(known ? { hint: error.hint } : {}) })}\n`);
  process.exit(1);
}
