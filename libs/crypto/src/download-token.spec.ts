import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signDownload, verifyDownload } from './index.ts';

const masterKey = randomBytes(32);
const token = signDownload(masterKey, 'backup-1', 1_000);

describe('download tokens', () => {
  it('open one backup until they expire', () => {
    expect(verifyDownload(masterKey, 'backup-1', token, 999)).toBe(true);
    expect(verifyDownload(masterKey, 'backup-1', token, 1_000)).toBe(false);
  });

  it('open no other backup, and none with another key', () => {
    expect(verifyDownload(masterKey, 'backup-2', token, 999)).toBe(false);
    expect(verifyDownload(randomBytes(32), 'backup-1', token, 999)).toBe(false);
  });

  it('cannot be given a later expiry or another shape', () => {
    const [signature = ''] = token.split('.');
    const changed = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`;
    for (const wrong of [`${signature}.9999`, signature, '', '.1000', `${token}.1`, `${signature}.1e9`, changed]) {
      expect(verifyDownload(masterKey, 'backup-1', wrong, 1), wrong).toBe(false);
    }
  });
});
