import { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

const ROLES = ['hfc_reader', 'hfc_writer', 'hfc_owner', 'hfc_ "quoted" \' role'];

const POLICIES = String.raw`
create schema rls;
grant usage on schema rls to hfc_reader, hfc_writer, hfc_owner;
create table rls.tenants (id int primary key, name text);
create table rls.notes (id int primary key, tenant_id int not null references rls.tenants,
  author name default current_user, body text, hidden boolean default false);
insert into rls.tenants select g, 'tenant ' || g from generate_series(1, 5) g;
insert into rls.notes select g, 1 + g % 5, 'hfc_reader', 'note ' || g, g % 10 = 0 from generate_series(1, 300) g;
alter table rls.notes enable row level security, force row level security;
create function rls.current_tenant() returns int
  language sql stable as $$ select nullif(current_setting('app.tenant', true), '')::int $$;
create policy of_tenant on rls.notes using (tenant_id = rls.current_tenant() or author in ('a', 'b'))
  with check (tenant_id = rls.current_tenant());
create policy readers on rls.notes for select to hfc_reader, hfc_writer using (not hidden);
create policy "odd ""policy""" on rls.notes as restrictive for update to "hfc_ ""quoted"" ' role"
  using (exists (select from rls.tenants t where t.id = tenant_id and t.name <> 'it''s')) with check (true);
create policy inserting on rls.notes for insert to public with check (body is not null);
create policy deleting on rls.notes for delete to current_user using (false);
comment on policy of_tenant on rls.notes is 'each its own';
create table rls.closed (id int); insert into rls.closed values (1), (2);
alter table rls.closed enable row level security;
create table rls.forced_only (id int); alter table rls.forced_only force row level security;
create policy asleep on rls.tenants for all using (id > 0);
create table rls.parts (id int, tenant int) partition by list (tenant);
create table rls.parts_1 partition of rls.parts for values in (1);
alter table rls.parts enable row level security; alter table rls.parts_1 enable row level security;
create policy on_parts on rls.parts using (tenant = 1);
insert into rls.parts select g, 1 from generate_series(1, 10) g;
`;

const GRANTS = String.raw`
create schema acl authorization hfc_owner;
create table acl.t (id int primary key, name text, secret text);
create table acl.owned (id int); alter table acl.owned owner to hfc_owner;
create sequence acl.s; create view acl.v as select 1 as one; create type acl.e as enum ('a');
  create domain acl.d as int;
create function acl.f() returns int language sql return 1;
insert into acl.t select g, 'n', 's' from generate_series(1, 10) g;
grant select, insert on acl.t to hfc_reader; grant all on acl.t to hfc_writer with grant option;
grant select (id, name), update (name), references (id) on acl.t to "hfc_ ""quoted"" ' role"; grant
  select (secret) on acl.t to public;
grant usage on schema acl to hfc_writer; set role hfc_writer; grant select on acl.t to hfc_owner;
  grant delete on acl.t to hfc_reader; reset role;
revoke all on acl.owned from hfc_owner; grant select on acl.owned to public;
grant usage on sequence acl.s to hfc_reader; grant select, update on sequence acl.s to hfc_writer;
grant select on acl.v to public; revoke usage on type acl.e from public;
  grant usage on type acl.d to hfc_reader with grant option;
revoke execute on function acl.f() from public; grant execute on function acl.f() to hfc_reader;
grant create, usage on schema acl to hfc_reader; revoke all on schema acl from hfc_owner;
revoke create on schema public from public; grant all on schema public to hfc_writer;
grant execute on function pg_catalog.pg_read_file(text) to hfc_reader;
  revoke execute on function pg_catalog.pg_sleep(double precision) from public;
grant select on pg_catalog.pg_authid to hfc_owner;
grant usage on language plpgsql to hfc_reader;
select lo_create(70001); grant select on large object 70001 to hfc_reader; grant update on large object 70001 to public;
`;

const DEFAULTS = String.raw`
alter default privileges grant select on tables to hfc_reader;
alter default privileges for role hfc_owner grant all on tables to hfc_writer with grant option;
alter default privileges for role hfc_owner in schema acl grant usage, select on sequences to hfc_reader, public;
alter default privileges for role hfc_owner revoke execute on functions from public;
alter default privileges in schema acl grant execute on functions to "hfc_ ""quoted"" ' role";
alter default privileges for role hfc_writer revoke usage on types from public;
alter default privileges for role hfc_writer grant usage on schemas to hfc_reader;
alter default privileges for role hfc_reader revoke all on tables from hfc_reader;
`;

/** Row-level security in every form: forced, without policies, policies without it, restrictive, by role. */
export const rowSecurity: CorpusDatabase = {
  name: 'row_security',
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    await client.query(POLICIES);
  },
};

/** Grants on every kind of object and on columns, by others than the owner, taken from the owner, on the system's own; default privileges. */
export const grants: CorpusDatabase = {
  name: 'grants',
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    await client.query(GRANTS);
    await client.query(DEFAULTS);
  },
};
