// `npm run demo`: the whole product, headless, on free ports and a temporary directory; backs up the demo project, proves
// it, gives it back into an empty database, and compares both by other means than the engine's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BackupOutput, RestoreReport, VerificationResult } from '@holdfast/contracts';
import { buildIfStale } from './build.ts';
import { compareDatabases, type DatabaseComparison } from './database-figures.ts';
import { signIn } from './first-start.ts';
import { answered, OperationsClient, type Ended } from './operations-client.ts';
import { ProgressBars } from './progress-bars.ts';
import { startStack, type Stack } from './stack.ts';

const RESTORED = 'demo_restored';

interface Outcome {
  backup: Ended;
  verification: Ended;
  restored: Ended;
  comparison: DatabaseComparison;
}

async function play(stack: Stack, client: OperationsClient, bars: ProgressBars): Promise<Outcome> {
  const { demoEnvironmentId: environmentId } = stack.registered;
  if (environmentId === null || !stack.demo) throw new Error('the demo project is not registered');
  const run = async (title: string, started: Promise<{ data?: { operationId: string }; error?: unknown }>) => {
    const { operationId } = answered(await started);
    return client.follow(operationId, (snapshot) => bars.show(title, snapshot));
  };
  const backup = await run('backup', client.api.POST('/api/v1/backup', { body: { environmentId } }));
  const path = { id: (backup.result as BackupOutput).backupId };
  const verification = await run(
    'verify',
    client.api.POST('/api/v1/backup/{id}/validate', { params: { path }, body: { level: 'restore' } }),
  );
  const restored = await run(
    'restore',
    client.api.POST('/api/v1/backup/{id}/restore', { params: { path }, body: { newDatabase: RESTORED } }),
  );
  const comparison = await compareDatabases(stack.demo, { ...stack.demo, database: RESTORED });
  return { backup, verification, restored, comparison };
}

function summarise({ backup, verification, restored, comparison }: Outcome) {
  const made = backup.result as BackupOutput;
  const proof = verification.result as VerificationResult;
  const report = restored.result as RestoreReport;
  const same = comparison.differingTables.length === 0 && comparison.catalogDifferences.length === 0;
  return {
    ok: same && report.differenceCount === 0 && (proof.verdict === 'proven' || proof.verdict === 'proven-with-gaps'),
    tables: comparison.tables,
    rows: comparison.rows,
    backupSeconds: backup.seconds,
    restoreSeconds: restored.seconds,
    verifySeconds: verification.seconds,
    level: proof.level,
    gaps: made.coverage.gaps.map(({ code }) => code),
    storedBytes: made.storedBytes,
  };
}

function print(outcome: Outcome, json: boolean): void {
  const summary = summarise(outcome);
  const { comparison } = outcome;
  for (const table of comparison.differingTables) console.log(`differs: rows of ${table}`);
  for (const entry of comparison.catalogDifferences) console.log(`differs: ${entry}`);
  const gaps = summary.gaps.length === 0 ? 'none' : summary.gaps.join(', ');
  const stored = (summary.storedBytes / 1e6).toFixed(1);
  console.log(`
backed up   ${summary.tables} tables, ${summary.rows} rows in ${summary.backupSeconds.toFixed(1)} s, ${stored} MB stored
proven      up to a trial restore in ${summary.verifySeconds.toFixed(1)} s; not inside: ${gaps}
restored    into an empty database in ${summary.restoreSeconds.toFixed(1)} s
compared    ${summary.ok ? 'rows, checksums and catalogs are equal' : 'NOT equal'}
`);
  if (json) console.log(JSON.stringify(summary));
  if (!summary.ok) process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const note = (line: string): void => console.log(`· ${line}`);
  await buildIfStale(note);
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  const told = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => told.abort(new Error(`ended by ${name}`)));
  const bars = new ProgressBars(process.stdout, false);
  let stack: Stack | undefined;
  let client: OperationsClient | undefined;
  try {
    stack = await startStack({ dataDir, demo: true, quiet: true, durable: false, note, signal: told.signal });
    const token = await signIn(stack.urls.api, stack.owner.email, stack.owner.password ?? '');
    client = new OperationsClient(stack.urls.api, token);
    const outcome = await Promise.race([
      play(stack, client, bars),
      new Promise<never>((_, reject) => {
        told.signal.addEventListener('abort', () => reject(told.signal.reason as Error));
      }),
    ]);
    bars.stop();
    print(outcome, values.json);
  } finally {
    bars.stop();
    client?.close();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

await main().catch((error: unknown) => {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
