import { randomBytes } from 'node:crypto';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import pg from 'pg';
import { once } from '../../throwaway-postgres.ts';

const OWNER = 'project_owner';

// What the platform gives to `postgres`, which is no superuser there and owns nothing in `auth` and `storage`.
const rights = (database: string, password: string) => `
do $$
begin
  if not exists (select from pg_roles where rolname = '${OWNER}') then
    create role ${OWNER} login createdb createrole replication bypassrls;
  end if;
end
$$;
alter role ${OWNER} password ${pg.escapeLiteral(password)};
grant anon, authenticated, service_role, authenticator to ${OWNER} with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to ${OWNER};
alter database ${pg.escapeIdentifier(database)} owner to ${OWNER};
alter schema public owner to ${OWNER};
alter schema supabase_migrations owner to ${OWNER};
alter table supabase_migrations.schema_migrations owner to ${OWNER};
alter publication supabase_realtime owner to ${OWNER};
grant usage on schema auth, storage, extensions to ${OWNER};
grant all on all tables in schema auth, storage to ${OWNER};
grant all on all sequences in schema auth, storage to ${OWNER};
revoke all on auth.schema_migrations, storage.migrations from ${OWNER};
grant select on auth.schema_migrations, storage.migrations to ${OWNER};
`;

/**
 * A role with the rights that `postgres` has on the platform, and how to connect as it: it cannot set
 * `session_replication_role`, nor alter what `auth` and `storage` hold. One role a server; each call sets a new password.
 */
export async function ordinaryOwner(target: PostgresTarget): Promise<PostgresTarget> {
  const password = `throwaway-${randomBytes(9).toString('hex')}`;
  await once(target, rights(target.database, password));
  return { ...target, user: OWNER, password };
}
