import { type CoverageGap, type Difference } from '@holdfast/contracts';
import type { Manifest } from '../manifest/manifest.ts';
import { createLike, dropDatabase, maintenance } from '../postgres/databases.ts';
import { gap } from '../postgres/inspect.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import { applyBackup } from '../restore/apply.ts';
import { comparableCatalog, DATABASE_LOCALE_GAP } from '../restore/comparable-catalog.ts';
import { compareWithBackup } from '../restore/compare.ts';
import { EarlyCompare } from '../restore/early-compare.ts';
import type { Meter } from '../run.ts';
import type { ScratchServers } from './scratch.ts';
import { dropLeftTrials, trialName } from './trial-database.ts';
import { judge, type TrialFaults } from './unproven.ts';

interface TrialInput {
  repository: Repository;
  manifest: Manifest;
  scratch: ScratchServers;
  parallel: number;
  signal: AbortSignal;
  meter: Meter;
}

interface TrialOutcome {
  differences: Difference[];
  gaps: CoverageGap[];
}

/** Extensions of the source that the scratch server does not offer. */
async function missingExtensions(input: TrialInput, target: PostgresTarget): Promise<string[]> {
  return maintenance(target, input.signal, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_catalog.pg_available_extensions');
    const offered = new Set(rows.map(({ name }) => name));
    return input.manifest.source.extensions.map(({ name }) => name).filter((name) => !offered.has(name));
  });
}

/**
 * Restores a backup into a scratch database of the same major version and compares everything. What cannot be proven
 * because the scratch server lacks an extension is named as a gap; everything else that differs is a difference.
 */
export async function tryRestore(input: TrialInput): Promise<TrialOutcome> {
  const server = await input.scratch.open(input.manifest.source.serverMajor, input.signal);
  const name = trialName();
  try {
    return await tryOn(input, server.target, name);
  } finally {
    // the run may have been cancelled; what it made goes away all the same
    await maintenance(server.target, AbortSignal.timeout(60_000), (client) => dropDatabase(client, name)).finally(() =>
      server.close(),
    );
  }
}

async function tryOn(input: TrialInput, server: PostgresTarget, name: string): Promise<TrialOutcome> {
  const { manifest, signal, meter } = input;
  const missing = await missingExtensions(input, server);
  const likeSource = await maintenance(server, signal, async (client) => {
    await dropLeftTrials(client);
    return createLike(client, name, manifest.source);
  });
  const target = { ...server, database: name };
  const faults: TrialFaults = { statements: [], tables: [] };
  const step = 'restore';
  const early = new EarlyCompare();
  const roleGaps = await applyBackup({
    ...{ repository: input.repository, manifest, target, parallel: input.parallel, signal, meter },
    ...{ content: 'all', early },
    steps: { preData: step, rows: step, postData: step },
    keepsStatement: () => true,
    keepsTable: () => true,
    onStatementFault: (fault) => faults.statements.push(fault),
    onTableFault: (table, error) => faults.tables.push({ name: table.name, error }),
  });
  meter.step(
    'compare',
    'bytes',
    manifest.artifacts.reduce((sum, { size }) => sum + size, 0),
  );
  const gaps = [...roleGaps];
  if (!likeSource) {
    const reason = 'The scratch server lacks this locale; the trial used C, which changes only the order of text.';
    gaps.push(gap(DATABASE_LOCALE_GAP, [manifest.source.collate], reason));
  }
  const found = await compareWithBackup({
    ...{ repository: input.repository, manifest, target, parallel: input.parallel, signal, meter },
    ...{ keepsTable: () => true, selectCatalog: (catalog) => comparableCatalog(catalog, gaps), rows: true, early },
  });
  const { differences, unproven } = judge(faults, found, missing.length === 0);
  if (missing.length > 0) {
    gaps.push(gap('extensions-unavailable', missing, 'The scratch server does not offer these extensions.'));
  }
  if (unproven.length > 0) {
    gaps.push(gap('unproven', unproven, 'Depends on an extension that the scratch server does not offer.'));
  }
  return { differences, gaps };
}
