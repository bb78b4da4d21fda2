import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PERMISSIONS, type Permission } from '@holdfast/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { PERMISSION_METADATA, PUBLIC_METADATA } from './access.ts';

interface Route {
  name: string;
  permission: Permission | undefined;
  isPublic: boolean;
}

/** The routes that answer without a sign-in; a new one is added here on purpose. */
const PUBLIC_ROUTES = ['AuthController.signIn', 'HealthController.live', 'HealthController.ready'];

function routesOf(app: NestExpressApplication): Route[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const { prototype, name } = metatype as { prototype: object; name: string };
    const methods = Object.getOwnPropertyNames(prototype).filter((method) => method !== 'constructor');
    return methods.flatMap((method) => {
      const handler = Object.getOwnPropertyDescriptor(prototype, method)?.value as object;
      if (!Reflect.hasMetadata('path', handler)) return [];
      const permission = Reflect.getMetadata(PERMISSION_METADATA, handler) as Permission | undefined;
      const isPublic = Reflect.getMetadata(PUBLIC_METADATA, handler) === true;
      return [{ name: `${name}.${method}`, permission, isPublic }];
    });
  });
}

describe('every route', () => {
  let app: NestExpressApplication;
  let routes: Route[];

  beforeAll(async () => {
    app = await createApp(
      readConfig({
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
        HOLDFAST_MASTER_KEY: Buffer.alloc(32).toString('base64'),
        HOLDFAST_LOG_LEVEL: 'silent',
      }),
    );
    routes = routesOf(app);
  });
  afterAll(() => app.close());

  it('is found by this walk', () => {
    expect(routes.length).toBeGreaterThan(30);
  });

  it('declares a permission, or that it is public, and not both', () => {
    expect(routes.filter(({ permission, isPublic }) => (permission === undefined) !== isPublic)).toEqual([]);
  });

  it('asks for a permission that exists', () => {
    const unknown = routes.filter(({ permission }) => permission !== undefined && !(permission in PERMISSIONS));
    expect(unknown).toEqual([]);
  });

  it('is public only where it is listed here', () => {
    const found = routes.filter(({ isPublic }) => isPublic).map(({ name }) => name);
    expect(found.toSorted()).toEqual(PUBLIC_ROUTES);
  });
});
