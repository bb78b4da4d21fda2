/**
 * The platform's roles, without passwords. They belong to the server, so two projects of one server may make them at
 * the same time: a role that came to be in between is as good as ours.
 */
const ROLES: Record<string, string> = {
  postgres: 'nologin createdb createrole replication bypassrls',
  anon: 'nologin noinherit',
  authenticated: 'nologin noinherit',
  service_role: 'nologin noinherit bypassrls',
  authenticator: 'login noinherit',
  supabase_admin: 'login superuser createdb createrole replication bypassrls',
  supabase_auth_admin: 'login noinherit createrole',
  supabase_storage_admin: 'login noinherit createrole',
  supabase_functions_admin: 'login noinherit createrole',
  supabase_realtime_admin: 'nologin noinherit',
  supabase_replication_admin: 'login replication',
  supabase_etl_admin: 'login replication',
  supabase_read_only_user: 'login bypassrls',
  dashboard_user: 'nologin createdb createrole replication',
  pgbouncer: 'login',
};

export const ROLES_SQL = `
do $$
declare
  wanted record;
begin
  for wanted in select * from (values
    ${Object.entries(ROLES)
      .map(([name, attributes]) => `('${name}', '${attributes}')`)
      .join(',\n    ')}
  ) as role (name, attributes) loop
    begin
      if not exists (select from pg_roles where rolname = wanted.name) then
        execute format('create role %I %s', wanted.name, wanted.attributes);
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;

select pg_advisory_xact_lock(hashtext('supabase roles'));
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to supabase_storage_admin;
grant pg_read_all_data to supabase_read_only_user;
alter role supabase_auth_admin set search_path = auth;
alter role supabase_storage_admin set search_path = storage;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
`;
