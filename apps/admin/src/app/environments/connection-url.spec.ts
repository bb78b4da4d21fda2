import { expect, it } from 'vitest';
import { readConnectionUrl, type UrlFields } from './connection-url.ts';

const REF = 'abcdefghijklmnopqrst';

function fieldsOf(text: string): UrlFields {
  const read = readConnectionUrl(text);
  if ('reason' in read) throw new Error(read.reason);
  return read.fields;
}
function notesOf(text: string): string[] {
  const read = readConnectionUrl(text);
  return 'reason' in read ? [] : read.notes;
}

it('takes a URL apart, with what is percent-encoded in it', () => {
  expect(fieldsOf('postgres://back%40up:p%40ss%2Fw%3Ard%25@DB.example.org:6432/my%20app?sslmode=verify-full')).toEqual({
    ...{ host: 'db.example.org', port: '6432', database: 'my app', user: 'back@up' },
    ...{ password: 'p@ss/w:rd%', tlsMode: 'verify-full' },
  });
});

it('knows the port and leaves out what is not said', () => {
  expect(fieldsOf(' "postgresql://app@[::1]/app" ')).toEqual({
    ...{ host: '::1', port: '5432', database: 'app', user: 'app' },
  });
});

it('takes a password as it stands where it is not encoded well', () => {
  expect(fieldsOf('postgres://u:100%@h/d').password).toBe('100%');
  expect(fieldsOf('postgres://u:p@ss@h/d').password).toBe('p@ss');
});

it('knows a Supabase project by its direct host', () => {
  expect(fieldsOf(`postgresql://postgres:secret@db.${REF}.supabase.co:5432/postgres`)).toMatchObject({
    ...{ kind: 'supabase-cloud', projectRef: REF, projectUrl: `https://${REF}.supabase.co`, user: 'postgres' },
  });
});

it('knows a Supabase project by the user of its pooler, and takes the session pooler', () => {
  const url = `postgresql://postgres.${REF}:secret@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true`;
  expect(fieldsOf(url)).toMatchObject({ kind: 'supabase-cloud', projectRef: REF, port: '5432' });
  expect(notesOf(url)).toEqual([expect.stringContaining('transaction pooler')]);
  expect(notesOf(url.replace('6543', '5432').replace('?pgbouncer=true', ''))).toEqual([]);
});

it('says what it did not take over', () => {
  expect(notesOf('postgres://u:p@h/d?sslmode=allow')).toEqual([expect.stringContaining('sslmode allow')]);
  expect(notesOf('postgres://u:p@h/d?pgbouncer=true')).toEqual([expect.stringContaining('transaction pooler')]);
  const placeholder = `postgresql://postgres:[YOUR-PASSWORD]@db.${REF}.supabase.co:5432/postgres`;
  expect([fieldsOf(placeholder).password, notesOf(placeholder)]).toEqual([
    undefined,
    [expect.stringContaining('placeholder')],
  ]);
});

it.each(['', 'db.example.org', 'mysql://u:p@h/d', 'postgres://u:p#ss@h/d', 'postgres:///d'])(
  'says why %j is no connection, without repeating it',
  (text) => {
    const read = readConnectionUrl(text);
    expect(read).toEqual({ reason: expect.any(String) });
    expect(JSON.stringify(read)).not.toContain('p#ss');
  },
);
