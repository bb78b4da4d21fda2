import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { buildDocument } from './openapi.ts';

// Writes the OpenAPI document to the file named as the only argument, or to stdout. Nothing listens, and nothing is
// connected to: the values below are only there to be valid.
const config = readConfig({
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  HOLDFAST_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  HOLDFAST_LOG_LEVEL: 'silent',
});
const app = await createApp(config);
const text = `${JSON.stringify(buildDocument(app), null, 2)}\n`;
const [path] = process.argv.slice(2);
if (path === undefined) process.stdout.write(text);
else await writeFile(path, text);
await app.close();
