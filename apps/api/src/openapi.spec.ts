import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ERROR_CODES, PERMISSIONS } from '@holdfast/contracts';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { buildDocument } from './openapi.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

interface Media {
  schema?: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Parameter {
  name: string;
  in: string;
  description?: string;
}
interface Operation {
  parameters?: Parameter[];
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security: unknown[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
  'x-permission'?: string;
  'x-problems': string[];
}

let app: NestExpressApplication;
let document: ReturnType<typeof buildDocument>;
let operations: (Operation & { name: string })[];

beforeAll(async () => {
  app = await createApp(
    readConfig({
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
      HOLDFAST_MASTER_KEY: Buffer.alloc(32).toString('base64'),
      HOLDFAST_LOG_LEVEL: 'silent',
    }),
  );
  document = buildDocument(app);
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...(operation as Operation), name: `${method} ${path}` })),
  );
});
afterAll(() => app.close());

describe('the document', () => {
  it('is the one in libs/api-client: run `npm run generate` when this fails', async () => {
    const stored = await readFile(join(ROOT, 'libs/api-client/openapi.json'), 'utf8');
    expect(`${JSON.stringify(document, null, 2)}\n`).toBe(stored);
  });

  it('gives the types in libs/api-client: run `npm run generate` when this fails', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hf-api-client-'));
    try {
      const cwd = join(ROOT, 'libs/api-client');
      const output = join(directory, 'schema.ts');
      await run(
        join(cwd, 'node_modules/.bin/openapi-typescript'),
        ['openapi.json', '--default-non-nullable', 'false', '--output', output],
        { cwd },
      );
      expect(await readFile(output, 'utf8')).toBe(await readFile(join(cwd, 'src/schema.ts'), 'utf8'));
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('is OpenAPI 3.1 and passes the linter', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { stdout } = await run(join(ROOT, 'node_modules/.bin/redocly'), ['lint', '--format=json'], { cwd: ROOT });
    // Ignored are the exceptions of .redocly.lint-ignore.yaml, which explains them.
    expect(JSON.parse(stdout)).toMatchObject({ totals: { errors: 0, warnings: 0, ignored: 2 } });
  });

  it('holds every path that was promised for this part', () => {
    const names = operations.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'post /api/v1/auth/sign-in',
        'post /api/v1/backup',
        'get /api/v1/backup',
        'patch /api/v1/backup/{id}',
        'delete /api/v1/backup/{id}',
        'post /api/v1/backup/{id}/restore',
        'post /api/v1/backup/{id}/validate',
        'get /api/v1/backup/{id}/validation-status',
        'get /api/v1/backup/{id}/download',
        'get /api/v1/backup/{id}/contents',
        'get /api/v1/backup/{id}/objects',
        'get /api/v1/backup/calendar',
        'get /api/v1/backup/storage/usage',
        'get /api/v1/backup/audit',
        'get /api/v1/environments/overview',
        'get /api/v1/progress',
        'get /api/v1/progress/{id}',
        'get /api/v1/progress/{id}/events',
        'post /api/v1/progress/{id}/cancel',
        'get /api/v1/progress/health/status',
        'post /api/v1/progress/cleanup',
        'post /api/v1/environments/{id}/test',
      ]),
    );
  });
});

/** Whether a description says anything that its name does not. */
const saysMore = (name: string, description: unknown): boolean => {
  if (typeof description !== 'string') return false;
  const known = new Set(['a', 'an', 'the', 'its', 'of', ...wordsOf(name)]);
  return wordsOf(description).some((word) => !known.has(word));
};
const wordsOf = (text: string): string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? [];

/** Paths of the properties below a schema that nothing is said of; those of components are looked at there. */
function undescribed(schema: unknown, at: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: Record<string, { description?: unknown }> };
  const own = Object.entries(properties).filter(([name, { description }]) => !saysMore(name, description));
  const inner = Object.entries(schema).flatMap(([key, value]: [string, unknown]) =>
    key === 'example' || key === 'examples' ? [] : undescribed(value, key === 'properties' ? at : `${at}.${key}`),
  );
  return [...own.map(([name]) => `${at}.${name}`), ...inner];
}

describe('every parameter and property', () => {
  it('is described, and not only by its name', () => {
    const parameters = operations.flatMap(({ name, parameters: given = [] }) =>
      given
        .filter((parameter) => !saysMore(parameter.name, parameter.description))
        .map((parameter) => `${name}: ${parameter.in} ${parameter.name}`),
    );
    const properties = [
      ...Object.entries(document.components?.schemas ?? {}).flatMap(([name, schema]) => undescribed(schema, name)),
      ...operations.flatMap(({ name, requestBody, responses }) => undescribed([requestBody, responses], name)),
    ];
    expect([...parameters, ...properties]).toEqual([]);
  });

  it('is missed where it is not, however deep it lies', () => {
    const deep = { anyOf: [{ type: 'array', items: { properties: { size: {}, id: { description: 'The id' } } } }] };
    const good = { description: 'How large it is', properties: { unit: { description: 'In which size is told' } } };
    expect(undescribed({ properties: { good, deep: { description: 'What lies in it', ...deep } } }, 'Thing')).toEqual([
      'Thing.deep.anyOf.0.items.size',
      'Thing.deep.anyOf.0.items.id',
    ]);
  });
});

describe('every operation', () => {
  it('has an id of its own, a summary, a tag, and says which permission it needs', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, summary, tags, description, security, ...rest } of operations) {
      expect([name, summary.length > 5, tags.length]).toEqual([name, true, 1]);
      const permission = rest['x-permission'];
      expect([name, permission === undefined]).toEqual([name, security.length === 0]);
      if (permission !== undefined) {
        expect(PERMISSIONS).toHaveProperty([permission]);
        expect(description).toContain(permission);
      }
    }
  });

  it('tells its errors as problems, with an example of each code', () => {
    for (const operation of operations) {
      for (const code of operation['x-problems']) {
        const { status } = ERROR_CODES[code as keyof typeof ERROR_CODES];
        const media = operation.responses[status]?.content?.['application/problem+json'];
        expect([operation.name, code, media?.examples?.[code]?.value]).toMatchObject([
          operation.name,
          code,
          { code, status },
        ]);
      }
      expect([operation.name, operation['x-problems'].includes('auth.required')]).toEqual([
        operation.name,
        operation.security.length > 0,
      ]);
    }
  });

  it('has examples that fit their schemas', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/);
    ajv.addSchema({ $id: 'doc:', components: document.components });
    const check = (name: string, { schema, example }: Media): void => {
      if (!schema || example === undefined) return;
      const rooted = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc:#/components')) as object;
      const fits = ajv.validate(rooted, example);
      expect([name, fits, ajv.errors]).toEqual([name, true, null]);
    };
    for (const { name, requestBody, responses } of operations) {
      for (const { content } of [requestBody, ...Object.values(responses)].filter((body) => body !== undefined)) {
        const media = content?.['application/json'];
        if (!media) continue;
        expect([name, media.example !== undefined]).toEqual([name, true]);
        check(name, media);
      }
    }
  });
});
