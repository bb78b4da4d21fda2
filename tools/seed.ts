// `npm run seed`: fills the catalog of a running installation with environments and backups that do not exist, to
// measure and to look at long lists. Nothing of it can be restored; `--remove` takes it out again.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import pg from 'pg';
import { refuseMixing, removeSeed, seed } from './seed-database.ts';

const root = resolve(import.meta.dirname, '..');

const HELP = `npm run seed -- [options]

For measuring: makes rows in the catalog, no backups.

  --backups N           how many, over the last 14 months (default 10000)
  --environments N      of how many environments (default 200)
  --data-dir DIR        the installation, as \`npm start\` runs it (default .holdfast; HOLDFAST_DATA_DIR)
  --database-url URL    its database, where there is no data directory
  --yes                 also where environments are registered already
  --remove              removes what an earlier run made
  --help`;

const OPTIONS = {
  backups: { type: 'string', default: '10000' },
  environments: { type: 'string', default: '200' },
  'data-dir': { type: 'string' },
  'database-url': { type: 'string' },
  yes: { type: 'boolean', default: false },
  remove: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function countOf(name: string, text: string, most: number): number {
  if (/^[1-9]\d{0,6}$/.test(text) && Number(text) <= most) return Number(text);
  throw new OperationError('config.invalid', `${name}: expected a number from 1 to ${most}, not "${text}"`);
}

/** The database's address, as a start has noted it. */
async function notedUrl(dataDir: string): Promise<string> {
  const file = join(dataDir, 'secrets', 'database-url');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new OperationError('config.invalid', `${dataDir} is no data directory of a started Holdfast`, {
      hint: 'Start it first with npm start, or give --data-dir or --database-url.',
      cause,
    });
  }
}

async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 300_000 });
  try {
    await client.connect();
    return client;
  } catch (cause) {
    throw new OperationError('database.unavailable', 'The database does not answer', {
      hint: 'Is Holdfast running? Start it with npm start.',
      cause,
    });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const backups = countOf('--backups', values.backups, 1_000_000);
  const environments = countOf('--environments', values.environments, 10_000);
  const dataDir = resolve(values['data-dir'] ?? process.env['HOLDFAST_DATA_DIR'] ?? join(root, '.holdfast'));
  const client = await connectTo(values['database-url'] ?? (await notedUrl(dataDir)));
  try {
    if (values.remove) {
      const gone = await removeSeed(client);
      return console.log(
        `removed ${gone.environments} environments, ${gone.backups} backups, ${gone.operations} operations`,
      );
    }
    await refuseMixing(client, values.yes);
    const started = performance.now();
    const made = await seed(client, { backups, environments });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `made ${made.environments} environments, ${made.backups} backups, ${made.operations} operations in ${seconds} s`,
    );
    console.log('for measuring: none of these backups exists. --remove takes them out again.');
  } finally {
    await client.end();
  }
}

await main().catch((error: unknown) => {
  const told = error instanceof OperationError;
  console.error(told ? error.message : String((error as Error).stack ?? error));
  if (told && error.hint) console.error(`What to do: ${error.hint}`);
  process.exitCode = 1;
});
