import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { COOKIE_NAME } from './http/credential.ts';
import { completed } from './http/openapi-operations.ts';
import { jsonSchemaOf } from './http/openapi-schema.ts';
import { VERSION } from './version.ts';

const DESCRIPTION = `Keeps Postgres and Supabase projects recoverable.

Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`. Lists are pages: give \`nextCursor\` as \`cursor\`.
Instants are told in UTC, whatever offset they were given with; sizes are bytes.
What takes long is an operation: \`202\`, and its progress at \`Location\` and over Socket.IO at \`/api/socket.io\`.
Sign in with a cookie (\`POST /api/v1/auth/sign-in\`) or send a bearer token.`;

const TAGS = [
  ['auth', 'Sign-in and your own account'],
  ['users', 'Accounts'],
  ['tokens', 'API tokens'],
  ['views', 'Filters of the console under a name'],
  ['environments', 'Places where a project lives'],
  ['repositories', 'Places where backups are stored'],
  ['backups', 'Backups: take, find, prove, give back'],
  ['storage', 'What the backups take up'],
  ['progress', 'Operations and their progress'],
  ['audit', 'Who did what'],
  ['codec', "For Temporal's Web UI"],
  ['health', 'For supervisors of containers'],
] as const;

/** The OpenAPI 3.1 document of the API. */
export function buildDocument(app: NestExpressApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.1')
    .setTitle('Holdfast')
    .setVersion(VERSION)
    .setDescription(DESCRIPTION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This server')
    .addCookieAuth(COOKIE_NAME, { type: 'apiKey', in: 'cookie', description: 'For browsers' }, 'cookie')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A session or an API token (`hf_…`)' }, 'bearer');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), { standardSchemaConverter: jsonSchemaOf });
  return completed(document);
}

/** Serves the document at /api/openapi.json and Swagger UI at /api/docs; it is built when first asked for. */
export function serveDocument(app: NestExpressApplication): void {
  SwaggerModule.setup('api/docs', app, () => buildDocument(app), {
    jsonDocumentUrl: 'api/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Holdfast API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true, operationsSorter: 'alpha' },
  });
}
