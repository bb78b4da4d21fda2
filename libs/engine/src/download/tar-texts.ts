import type { Manifest } from '../manifest/manifest.ts';

/** Restores an unpacked tar; needs psql and zstd, nothing else. */
export const RESTORE_SCRIPT = `#!/usr/bin/env bash
# Restores this backup into an EMPTY database. Usage: PGHOST=… PGUSER=… PGDATABASE=… ./restore.sh
# The password goes by PGPASSWORD or ~/.pgpass, as psql reads it. Needs psql and zstd.
set -euo pipefail
cd "$(dirname "$0")"
export PGOPTIONS="-c datestyle=ISO -c intervalstyle=postgres -c lc_monetary=C -c check_function_bodies=off -c search_path="
export PGCLIENTENCODING=\${HOLDFAST_ENCODING:-UTF8}
run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --output /dev/null "$@"; }
bytes() { if [ -f "$1.copy.zst" ]; then zstd -dcq "$1.copy.zst"; else cat "$1.copy"; fi; }

echo "roles";     run --file 1-roles.sql
# servers before 17 do not know transaction_timeout
echo "pre-data";  sed '/^SET transaction_timeout = 0;$/d' 2-pre-data.sql | run --file -
for statement in 3-rows/*.sql; do
  [ -e "$statement" ] || continue
  echo "rows      $(tail -c 200 "$statement")"
  bytes "\${statement%.sql}" | run --command "$(cat "$statement")"
done
echo "sequences"; run --file 4-sequences.sql
echo "objects";   run --file 5-large-objects.sql
if [ -e 5-large-objects.copy ] || [ -e 5-large-objects.copy.zst ]; then
  run --command 'CREATE TABLE public.holdfast_pages (object oid, place bigint, bytes bytea)'
  bytes 5-large-objects | run --command 'COPY public.holdfast_pages FROM STDIN'
  run --command 'SELECT count(lo_put(object, place, bytes)) FROM public.holdfast_pages'
  run --command 'DROP TABLE public.holdfast_pages'
fi
echo "post-data"; sed '/^SET transaction_timeout = 0;$/d' 6-post-data.sql | run --file -
echo "database";  run --file 7-database.sql
echo "done"
`;

/** What of a project is in the tar besides its database; the script does not restore it. */
const projectFiles = ({ artifacts }: Manifest): string =>
  [
    ['objects', '`8-storage/buckets.jsonl` | buckets and their settings, one JSON object a line'],
    [
      'objects',
      '`8-storage/objects.jsonl` | storage objects: `file` says where the bytes of `bucket` and `key` are, null: nowhere',
    ],
    ['objects', '`8-storage/objects/…` | their bytes'],
    ['functions', '`functions/…`, `functions.jsonl` | sources of the functions, and what is known of each'],
    ['settings', '`settings.json` | settings of the project, without secrets'],
  ]
    .filter(([kind]) => artifacts.some((artifact) => artifact.kind === kind))
    .map(([, line]) => `| ${line} |\n`)
    .join('');

/** What lies in the tar and how to use it, for somebody who has nothing but it. */
export function readmeText(manifest: Manifest): string {
  const { source, coverage } = manifest;
  const gaps = coverage.gaps.map(({ reason, subjects, count }) => {
    const more = count > subjects.length ? ` and ${count - subjects.length} more` : '';
    return `- ${subjects.join(', ')}${more}: ${reason}`;
  });
  return `# ${manifest.name}

A backup of the database \`${source.database}\` (Postgres ${source.serverVersion}), taken at ${source.takenAt} from one
snapshot.

## Restore it

You need \`psql\` (of version ${source.serverMajor} or newer) and \`zstd\`. Make an empty database, then:

    createdb --template=template0 --encoding=${source.encoding} restored
    PGDATABASE=restored ./restore.sh

The script makes the roles that are missing (without passwords) and stops at the first error.${
    source.clientEncoding === 'UTF8' ? '' : ' Set HOLDFAST_ENCODING=SQL_ASCII: this database has no encoding.'
  }

## What is here

| File | What it is |
| --- | --- |
| \`1-roles.sql\` | roles and memberships, without passwords |
| \`2-pre-data.sql\` | schemas, types, functions, tables |
| \`3-rows/NNNNNN.sql\` | the COPY statement of one table |
| \`3-rows/NNNNNN.copy.zst\` or \`.copy\` | its rows as COPY text, compressed with zstd where it is large |
| \`4-sequences.sql\` | values of sequences |
| \`5-large-objects.sql\`, \`5-large-objects.copy…\` | large objects, and their bytes by object and offset |
| \`6-post-data.sql\` | indexes, keys, triggers, policies |
| \`7-database.sql\` | settings and grants of the database itself |
${projectFiles(manifest)}
## What is not inside

${gaps.length === 0 ? 'Nothing that was found is missing.' : gaps.join('\n')}
`;
}
