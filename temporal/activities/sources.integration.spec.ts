import { randomBytes, randomUUID } from 'node:crypto';
import { sealSecret } from '@holdfast/crypto';
import type { Prisma } from '@holdfast/prisma';
import { throwawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEnvironment } from './sources.ts';

const masterKey = randomBytes(32);
let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;

beforeAll(async () => {
  plane = await throwawayControlPlane();
});
afterAll(() => plane?.stop());

const seal = (id: string, text: string, suffix = ''): string =>
  sealSecret(masterKey, text, `environment:${id}${suffix}`);

async function load(more: (id: string) => Partial<Prisma.EnvironmentCreateInput> = () => ({})) {
  const id = randomUUID();
  await plane.database.environment.create({
    data: {
      ...{ id, name: id, kind: 'supabase_cloud', host: 'db.invalid', port: 5432, database: 'app', username: 'u' },
      ...{ sealedPassword: seal(id, 'the password'), tlsMode: 'disable', color: '#000000', production: false },
      ...more(id),
    },
  });
  return loadEnvironment({ database: plane.database, masterKey, allowance: 'loopback' }, id);
}

describe('an environment as a worker loads it', () => {
  it('has its secrets opened, each for its own purpose', async () => {
    const loaded = await load((id) => ({
      ...{ projectUrl: 'https://a.test', sealedServiceKey: seal(id, 'the key', ':service-key') },
      ...{ projectRef: 'abc', sealedAccessToken: seal(id, 'the token', ':access-token') },
      functionsDirectory: '/srv/f',
    }));
    expect(loaded).toMatchObject({
      target: { password: 'the password', allowance: 'loopback' },
      endpoint: { url: 'https://a.test', serviceKey: 'the key', allowance: 'loopback' },
      management: {
        url: 'https://api.supabase.com',
        projectRef: 'abc',
        accessToken: 'the token',
        allowance: 'loopback',
      },
      functionsDirectory: '/srv/f',
    });
  });

  it('reaches nothing of a project that it was not told how to', async () => {
    expect(await load()).toMatchObject({ endpoint: null, management: null, functionsDirectory: null });
    const half = await load((id) => ({
      ...{ projectUrl: 'https://a.test', managementUrl: 'https://m.test' },
      sealedAccessToken: seal(id, 'the token', ':access-token'),
    }));
    expect(half).toMatchObject({ endpoint: null, management: null });
  });

  it('says which secret cannot be opened, also where one stands in for another', async () => {
    const swapped = load((id) => ({ projectUrl: 'https://a.test', sealedServiceKey: seal(id, 'the password') }));
    await expect(swapped).rejects.toMatchObject({
      code: 'secret.unreadable',
      message: expect.stringContaining('service key'),
    });
  });
});
