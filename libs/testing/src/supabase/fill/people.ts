import type pg from 'pg';

/** A user who can sign in. */
export interface Person {
  id: string;
  email: string;
  password: string;
}

const NAMES = ['Ada', 'Žofie', 'Björn', '李雷', 'Олена', "O'Neil", 'Zoë 🐎', 'عمر'];

// Salts come from the number, so that hashes are the same every time; `u` is a last sign that bcrypt allows.
const INSERT = `
with person as (
  select i, $1::uuid[] as ids, ($1::uuid[])[i] as id, ($2::text[])[i] as email, ($3::text[])[i] as password,
    ($4::text[])[i] as name, timestamptz '2026-01-01 12:00:00+00' + i * interval '7 hours' as at
  from generate_subscripts($1::uuid[], 1) as i
), users as (
  insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, last_sign_in_at,
    raw_app_meta_data, raw_user_meta_data, created_at, updated_at, phone,
    confirmation_token, recovery_token, email_change, email_change_token_new)
  select '00000000-0000-0000-0000-000000000000', id, 'authenticated', 'authenticated', email,
    extensions.crypt(password, '$2a$' || lpad($5::text, 2, '0') || '$' || left(md5(i::text), 21) || 'u'),
    at, at + interval '1 day', '{"provider": "email", "providers": ["email"]}',
    jsonb_build_object('name', name, 'n', i), at, at, case when i % 10 = 0 then '4207' || lpad(i::text, 8, '0') end,
    '', '', '', ''
  from person
)
insert into auth.identities (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
  select md5('identity ' || i)::uuid, id::text, id,
    jsonb_build_object('sub', id, 'email', email, 'email_verified', true, 'phone_verified', false), 'email',
    at + interval '1 day', at, at
  from person`;

/** The n-th user, counted from 1; the same every time. */
export const person = (n: number): Person => ({
  id: `10000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
  email: `person.${n}@people.example`,
  password: `password of person ${n}`,
});

/** Makes users with bcrypt passwords and an identity each, as a restore or an import would: by SQL. */
export async function fillPeople(client: pg.Client, count: number, bcryptCost: number): Promise<Person[]> {
  const people = Array.from({ length: count }, (_, i) => person(i + 1));
  const column = (of: (each: Person, i: number) => string) => people.map(of);
  await client.query(INSERT, [
    ...[column(({ id }) => id), column(({ email }) => email), column(({ password }) => password)],
    ...[column((_, i) => `${NAMES[i % NAMES.length]} ${i + 1}`), bcryptCost],
  ]);
  return people;
}
