import { describe, expect, it } from 'vitest';
import { readConnectionUrl } from './connection-url.ts';
import { givenParts, wholeConnection } from './connection.ts';

const messages = (url: string): string[] => {
  const read = readConnectionUrl(url);
  return 'errors' in read ? read.errors.map(({ message }) => message) : [];
};

describe('a connection URL', () => {
  it('gives every part, decoded', () => {
    expect(
      readConnectionUrl('postgresql://us%40er:p%2Fw%3A%25@db.example.org:6432/my%20app?sslmode=verify-full'),
    ).toEqual({
      parts: {
        host: 'db.example.org',
        port: 6432,
        database: 'my app',
        user: 'us@er',
        password: 'p/w:%',
        tlsMode: 'verify-full',
      },
    });
  });

  it('has port 5432 unless it says another, and takes IPv6 addresses', () => {
    expect(readConnectionUrl('postgres://u:p@[2001:db8::1]/app')).toEqual({
      parts: { host: '2001:db8::1', port: 5432, database: 'app', user: 'u', password: 'p' },
    });
  });

  it('names everything that is missing', () => {
    expect(messages('postgresql://db.example.org')).toHaveLength(3);
    expect(messages('postgresql://u:p@db.example.org/')).toEqual(['the database is missing']);
  });

  it('is refused when it is none, without being repeated', () => {
    for (const url of ['mysql://u:hunter2@h/d', 'hunter2', 'postgresql://u:%E0%A4%A@h/d', 'postgresql://']) {
      expect(messages(url).join()).toMatch(/expected|missing/);
      expect(messages(url).join()).not.toContain('hunter2');
    }
  });

  it('explains the parameters that it does not take', () => {
    expect(messages('postgresql://u:p@h/d?pgbouncer=true')[0]).toContain('transaction pooler');
    expect(messages('postgresql://u:p@h/d?sslmode=perhaps')[0]).toContain('verify-full');
    expect(messages('postgresql://u:p@h/d?sslrootcert=/etc/x&host=other')).toHaveLength(2);
    expect(messages('postgresql://u:p@h/d?application_name=x&connect_timeout=3')).toEqual([]);
  });
});

describe('a connection by parts', () => {
  it('names every missing part of a new one', () => {
    const whole = () => wholeConnection({ host: 'h' }, 'postgres');
    expect(whole).toThrow(
      expect.objectContaining({
        errors: ['database', 'user', 'password'].map((at) => expect.objectContaining({ at })),
      }),
    );
  });

  it('asks for TLS where a cloud is', () => {
    const parts = { host: 'h', database: 'd', user: 'u', password: 'p' };
    expect(wholeConnection(parts, 'supabase-cloud').tlsMode).toBe('require');
    expect(wholeConnection(parts, 'postgres')).toMatchObject({ tlsMode: 'prefer', port: 5432 });
    expect(wholeConnection({ ...parts, tlsMode: 'disable' }, 'supabase-cloud').tlsMode).toBe('disable');
  });

  it('does not mix with a URL', () => {
    const mixed = () => givenParts({ url: 'postgresql://u:p@h/d', host: 'x', password: 'y' });
    const message = 'is given by url already';
    const errors = ['host', 'password'].map((at) => ({ at, message }));
    expect(mixed).toThrow(expect.objectContaining({ errors }));
  });

  it('may be a part of one, for a change', () => {
    expect(givenParts({ password: 'new' })).toEqual({ password: 'new' });
    expect(givenParts({})).toEqual({});
  });
});
