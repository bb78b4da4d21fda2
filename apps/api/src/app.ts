import { VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.ts';
import type { Config } from './config.ts';
import { contentSecurityPolicy } from './console/content-security.ts';
import { serveConsole } from './console/serve-console.ts';
import { corsOf } from './http/cross-origin.ts';
import { neverKept } from './http/never-kept.ts';
import { QuietLogger } from './http/quiet-logger.ts';
import { serveDocument } from './openapi.ts';

/** Temporal's Web UI sends whole payloads to the codec endpoint; nothing else comes near it. */
const LARGEST_BODY = '4mb';

/** Makes the API without listening; nothing is connected to before the first use. Logs go to stdout unless said. */
export async function createApp(config: Config, logTo?: DestinationStream): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config, logTo), {
    bufferLogs: true,
    bodyParser: false,
    abortOnError: false,
    // A shutdown waits for no download and no idle browser.
    forceCloseConnections: true,
  });
  app.useLogger(new QuietLogger(app.get(Logger)));
  app.set('trust proxy', config.HOLDFAST_TRUST_PROXY.length > 0 ? config.HOLDFAST_TRUST_PROXY : false);
  // Our ETags are versions; Express would add its own to everything else.
  app.set('etag', false);
  app.use(
    helmet({
      // For this host only: others of the same domain may not speak TLS.
      strictTransportSecurity: { includeSubDomains: false },
      contentSecurityPolicy,
    }),
  );
  app.enableCors(corsOf(config));
  await serveConsole(app, config);
  app.use('/api', neverKept);
  app.useBodyParser('json', { limit: LARGEST_BODY });
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useWebSocketAdapter(new IoAdapter(app));
  app.enableShutdownHooks();
  serveDocument(app);
  return app;
}
