import { expect, it } from 'vitest';
import type { Schemas } from '../ui/api.ts';
import { changesOf, colorOf, creationOf, draftOf, filledBy, projectFields } from './environment-draft.ts';

const stored: Schemas['Environment'] = {
  ...{ id: 'e', name: 'shop', kind: 'supabase-cloud', host: 'db.example.org', port: 5432, database: 'postgres' },
  ...{ user: 'postgres', tlsMode: 'require', caCertificate: null, color: '#1565c0', production: false },
  ...{ projectRef: 'abc', projectUrl: null, hasServiceKey: true, managementUrl: null, hasAccessToken: false },
  ...{ functionsDirectory: null, version: 3, createdAt: '', updatedAt: '' },
};

it('changes nothing while nothing was typed', () => {
  expect(changesOf(draftOf(stored), stored)).toEqual({});
});

it('sends what differs alone, and takes secrets away only where that was asked for', () => {
  const draft = { ...draftOf(stored), host: ' db2.example.org ', password: 'new', port: '5432', projectRef: '' };
  expect(changesOf(draft, stored)).toEqual({ host: 'db2.example.org', password: 'new', projectRef: null });
  expect(changesOf({ ...draftOf(stored), serviceKey: null }, stored)).toEqual({ serviceKey: null });
});

it('registers with what the kind has by default', () => {
  const draft = { ...draftOf(null), name: 'shop', host: 'h', database: 'd', user: 'u', password: 'p' };
  expect(creationOf(draft)).toMatchObject({ name: 'shop', port: 5432, tlsMode: 'require', color: '#1565c0' });
  expect(creationOf({ ...draft, kind: 'postgres', production: true })).toMatchObject({
    ...{ tlsMode: 'prefer', color: '#c62828', production: true },
  });
  expect(creationOf(draft)).not.toHaveProperty('serviceKey');
  expect(colorOf({ color: '#112233', production: true })).toBe('#112233');
});

it('shows the fields of a kind, and whatever else holds something', () => {
  expect([...projectFields(draftOf(null), null)]).toContain('accessToken');
  expect([...projectFields({ ...draftOf(null), kind: 'postgres' }, null)]).toEqual([]);
  expect([...projectFields({ ...draftOf(stored), kind: 'postgres' }, stored)].toSorted()).toEqual([
    ...['projectRef', 'serviceKey'],
  ]);
});

it('takes of a pasted URL nothing together with what an earlier one said of another place', () => {
  const url = { host: 'db.abc.supabase.co', port: '5432', database: 'postgres', user: 'postgres' };
  const project = { kind: 'supabase-cloud', projectRef: 'abc', projectUrl: 'https://abc.supabase.co' } as const;
  const first = {
    ...draftOf(null),
    ...filledBy(draftOf(null), { ...url, ...project, password: 'a', tlsMode: 'require' }),
  };
  expect(first).toMatchObject({ ...project, password: 'a', tlsMode: 'require' });
  const other = { host: 'elsewhere', port: '5432', database: 'db', user: 'u' };
  const second = { ...first, serviceKey: 'key', ...filledBy({ ...first, serviceKey: 'key' }, other) };
  expect(second).toMatchObject({ ...other, kind: 'postgres', password: '', tlsMode: '', serviceKey: '' });
  expect(second).toMatchObject({ projectRef: '', projectUrl: '' });
});

it('keeps what belongs to the same place when only a password is pasted anew', () => {
  const draft = { ...draftOf({ ...stored, tlsMode: 'verify-full', projectUrl: 'https://api.example.org' }) };
  const { host, port, user } = draft;
  const after = {
    ...draft,
    ...filledBy(draft, { host, port, user, database: 'postgres', projectRef: 'abc', password: 'n' }),
  };
  expect(after).toMatchObject({ tlsMode: 'verify-full', password: 'n', projectUrl: 'https://api.example.org' });
});
