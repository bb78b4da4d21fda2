import { it } from 'vitest';
import { throwawayTemporal } from '@holdfast/testing';
import { Client, Connection } from '@temporalio/client';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import { scriptedWorker } from './operations/scripted-worker.ts';
it('x', async () => {
  const key = Buffer.alloc(32);
  const t = await throwawayTemporal();
  const w = await scriptedWorker(t.address, key);
  w.scripts.set('probe', () => ({ a: 1 }));
  const connection = await Connection.connect({ address: t.address });
  const client = new Client({ connection, dataConverter: { payloadCodecs: [encryptedPayloadCodec(key)] } });
  try {
    console.log(await client.withDeadline(Date.now() + 5000, () => client.workflow.execute('probe', { workflowId: 'a', taskQueue: 'holdfast', args: [1] })));
  } catch (e) { console.log(e); }
  console.log(w.started);
  await connection.close(); await w.stop(); await t.stop();
});
