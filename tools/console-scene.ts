import { answered, OperationsClient } from './operations-client.ts';
import type { Stack } from './stack.ts';

/** What pages of the console have to show: made once, with the demo projects. */
export interface Scene {
  /** The demo's hosted project. */
  environmentId: string;
  /** A backup of it that is complete. */
  backupId: string;
  /** The operation that made it. */
  operationId: string;
  /** A restore of it into a new database. */
  restoreId: string;
}

/** Backs up, verifies and fails once, so that pages have something to show. */
export async function setScene(stack: Stack, token: string): Promise<Scene> {
  const client = new OperationsClient(stack.urls.api, token);
  try {
    const { 'demo-cloud': cloud, 'demo-local': local } = stack.registered.demo ?? {};
    if (cloud === undefined || local === undefined) throw new Error('the demo projects are not registered');
    const back = async (environmentId: string, more: { name?: string; description?: string; tags?: string[] } = {}) => {
      const { operationId } = answered(await client.api.POST('/api/v1/backup', { body: { environmentId, ...more } }));
      return client.follow(operationId, () => undefined);
    };
    await back(local);
    await back(local, { name: 'before the new price list', tags: ['release', '2026.11'] });
    const description = 'Kept for the audit of November: the state that the report was made from.';
    const made = await back(cloud, { description, tags: ['audit'] });
    const { backupId } = made.result as { backupId: string };
    const path = { id: backupId };
    const verified = await client.api.POST('/api/v1/backup/{id}/validate', {
      params: { path },
      body: { level: 'restore' },
    });
    await client.follow(answered(verified).operationId, () => undefined);
    const body = { newDatabase: 'restored' };
    const restored = await client.api.POST('/api/v1/backup/{id}/restore', { params: { path }, body });
    const restoreId = answered(restored).operationId;
    await client.follow(restoreId, () => undefined);
    return { environmentId: cloud, backupId, operationId: made.operationId, restoreId };
  } finally {
    client.close();
  }
}
