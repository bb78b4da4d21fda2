// `npm run demo`: the whole product, headless, on free ports and a temporary directory; backs up demo-cloud, proves
// the backup, gives it back into a fresh project, and compares both by other means than the engine's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BackupOutput, RestoreReport, VerificationResult } from '@holdfast/contracts';
import { buildIfStale } from './build.ts';
import { compareDatabases, type DatabaseComparison } from './database-figures.ts';
import { signIn } from './api-requests.ts';
import { DEMO_FUNCTIONS } from './demo-fill.ts';
import { startFreshProject } from './demo-restored.ts';
import { answered, OperationsClient, type Ended } from './operations-client.ts';
import { ProgressBars } from './progress-bars.ts';
import { compareFunctions, compareObjects, trySignIns } from './project-figures.ts';
import type { ObjectComparison, ProjectPlace } from './project-figures.ts';
import { startStack, type Stack } from './stack.ts';

interface Outcome {
  backup: Ended;
  verification: Ended;
  restored: Ended;
  database: DatabaseComparison;
  objects: ObjectComparison;
  functions: { slugs: string[]; differing: string[] };
  signIns: { users: number; refused: string[] };
}

async function play(stack: Stack, client: OperationsClient, bars: ProgressBars): Promise<Outcome> {
  const environmentId = stack.registered.demo?.['demo-cloud'];
  const cloud = stack.demo?.['demo-cloud'];
  if (environmentId === undefined || !cloud) throw new Error('the demo projects are not registered');
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
  const fresh = await startFreshProject(stack, client);
  try {
    const body = { environmentId: fresh.environmentId, overwrite: true, confirm: fresh.name };
    const restored = await run('restore', client.api.POST('/api/v1/backup/{id}/restore', { params: { path }, body }));
    return { backup, verification, restored, ...(await compare(cloud, fresh)) };
  } finally {
    await fresh.stop();
  }
}

/** Looks at both projects by other means than the engine's. */
async function compare(cloud: ProjectPlace, fresh: ProjectPlace) {
  const database = await compareDatabases(cloud.target, fresh.target);
  const objects = await compareObjects(cloud, fresh);
  const slugs = DEMO_FUNCTIONS;
  const functions = { slugs, differing: await compareFunctions(cloud, fresh, slugs) };
  // Last, because a sign-in writes to the database.
  return { database, objects, functions, signIns: await trySignIns(fresh) };
}

/** What differs, a line each. */
const differencesOf = ({ database, objects, functions, signIns }: Outcome): string[] => [
  ...database.differingTables.map((table) => `rows of ${table}`),
  ...database.catalogDifferences,
  ...objects.differing.map((object) => `object ${object}`),
  ...functions.differing.map((slug) => `function ${slug}`),
  ...signIns.refused.map((email) => `sign-in of ${email}`),
];

function summarise(outcome: Outcome) {
  const { backup, verification, restored, database } = outcome;
  const made = backup.result as BackupOutput;
  const proof = verification.result as VerificationResult;
  const report = restored.result as RestoreReport;
  const proven = proof.verdict === 'proven' || proof.verdict === 'proven-with-gaps';
  return {
    ok: differencesOf(outcome).length === 0 && report.differenceCount === 0 && proven,
    tables: database.tables,
    rows: database.rows,
    objects: outcome.objects.objects,
    functions: outcome.functions.slugs.length,
    users: outcome.signIns.users,
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
  for (const line of differencesOf(outcome)) console.log(`differs: ${line}`);
  const gaps = summary.gaps.length === 0 ? 'none' : summary.gaps.join(', ');
  const stored = (summary.storedBytes / 1e6).toFixed(1);
  const { tables, rows, objects, functions, users } = summary;
  const all = `${tables} tables, ${rows} rows, ${objects} objects, ${functions} functions, ${users} users`;
  console.log(`
backed up   ${all} in ${summary.backupSeconds.toFixed(1)} s, ${stored} MB stored
proven      up to a trial restore in ${summary.verifySeconds.toFixed(1)} s; not inside: ${gaps}
restored    into a fresh project in ${summary.restoreSeconds.toFixed(1)} s
compared    ${summary.ok ? 'rows, checksums, catalogs, objects and functions are equal; all users sign in' : 'NOT equal'}
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
