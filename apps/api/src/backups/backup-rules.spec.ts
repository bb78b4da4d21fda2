import { describe, expect, it } from 'vitest';
import { BACKUP_SORTS, BackupQuery, RestoreBackup } from './backup.dto.ts';
import { downloadName } from './download.service.ts';

describe('a sort', () => {
  it('is one of a closed list', () => {
    for (const sort of BACKUP_SORTS) expect(BackupQuery.safeParse({ sort }).success).toBe(true);
    expect(BackupQuery.safeParse({ sort: 'manifestSha256' }).success).toBe(false);
  });
});

describe('the tables of a restore', () => {
  it.each(['public.orders', '"My Schema"."Or""ders"', 'äö."x y"', '"a.b".c'])('%s is a table', (table) => {
    expect(RestoreBackup.safeParse({ tables: [table] }).success).toBe(true);
  });

  it.each(['orders', 'a.b.c', 'public.', '.orders', 'public."orders', 'pub lic.orders', ''])('%s is none', (table) => {
    expect(RestoreBackup.safeParse({ tables: [table] }).success).toBe(false);
  });
});

describe('the file name of a download', () => {
  it.each([
    ['shop', 'nightly', 'shop-nightly.tar'],
    ['shop', 'shop 2026-11-24T08:50Z', 'shop-2026-11-24T08-50Z.tar'],
    ['shop', 'before "the" migration\r\nX: y', 'shop-before-the-migration-X-y.tar'],
    ['shop', '2026-11-24T08:50Z', 'shop-2026-11-24T08-50Z.tar'],
    ['shop', 'Übung', 'shop-Ubung.tar'],
    ['日本', '../../etc/passwd', 'etc-passwd.tar'],
  ])('%s, %s gives %s', (environment, backup, name) => {
    expect(downloadName(environment, backup)).toBe(name);
  });
});
