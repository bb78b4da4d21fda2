/** The user's own part of the project: tables, triggers on `auth.users`, policies on `storage.objects`. */
export const APPLICATION_SQL = `
create table if not exists public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  display_name text not null,
  joined_at timestamptz not null
);
alter table public.profiles enable row level security;

create table if not exists public.notes (
  id bigint generated always as identity primary key,
  owner uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  body text not null
);
alter table public.notes enable row level security;

create or replace function public.handle_new_user() returns trigger
  language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, display_name, joined_at)
    values (new.id, coalesce(new.raw_user_meta_data ->> 'name', new.email, ''), coalesce(new.created_at, now()))
    on conflict (id) do nothing;
  return new;
end
$$;
create or replace trigger on_auth_user_created after insert on auth.users
  for each row execute function public.handle_new_user();

create or replace function public.handle_changed_email() returns trigger
  language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set display_name = new.email where id = new.id and display_name = old.email;
  return new;
end
$$;
create or replace trigger on_auth_user_email_changed after update of email on auth.users
  for each row when (old.email is distinct from new.email) execute function public.handle_changed_email();

do $$
declare
  wanted record;
begin
  for wanted in select * from (values
    ('public.profiles', 'everybody sees profiles', 'select to anon, authenticated using (true)'),
    ('public.profiles', 'own profile', 'update to authenticated using (id = auth.uid()) with check (id = auth.uid())'),
    ('public.notes', 'own notes', 'all to authenticated using (owner = auth.uid()) with check (owner = auth.uid())'),
    ('storage.objects', 'avatars are for all', 'select to public using (bucket_id = ''avatars'')'),
    ('storage.objects', 'own documents', 'all to authenticated
      using (bucket_id = ''documents'' and owner_id = (select auth.uid()::text))
      with check (bucket_id = ''documents'' and owner_id = (select auth.uid()::text))'),
    ('storage.objects', 'shared documents', 'select to authenticated
      using (bucket_id = ''documents'' and (storage.foldername(name))[1] = ''shared'')')
  ) as policy (of, name, rule) loop
    if not exists (select from pg_policy where polrelid = wanted.of::regclass and polname = wanted.name) then
      execute format('create policy %I on %s for %s', wanted.name, wanted.of, wanted.rule);
    end if;
  end loop;
  if not exists (select from pg_publication_tables where pubname = 'supabase_realtime' and tablename = 'notes') then
    alter publication supabase_realtime add table public.notes;
  end if;
end
$$;

insert into supabase_migrations.schema_migrations (version, name, statements) values
  ('20260101090000', 'profiles', array['create table public.profiles (…)']),
  ('20260102090000', 'notes', array['create table public.notes (…)', 'alter table public.notes enable row level security'])
  on conflict do nothing;
`;

/** Each user's rows in the application's own tables. */
export const NOTES_SQL = `
insert into public.notes (owner, body)
  select id, 'Note ' || n || ' of ' || display_name from public.profiles, generate_series(1, 3) as n
  where not exists (select from public.notes) order by id, n`;
