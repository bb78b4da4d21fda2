import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signWorkerToken, verifyWorkerToken } from './index.ts';

const masterKey = randomBytes(32);
const token = signWorkerToken(masterKey, 'backup-1', 1_000);

describe('tokens for a worker', () => {
  it('open one thing until they expire', () => {
    expect(verifyWorkerToken(masterKey, 'backup-1', token, 999)).toBe(true);
    expect(verifyWorkerToken(masterKey, 'backup-1', token, 1_000)).toBe(false);
  });

  it('open nothing else, and none with another key', () => {
    expect(verifyWorkerToken(masterKey, 'backup-2', token, 999)).toBe(false);
    expect(verifyWorkerToken(randomBytes(32), 'backup-1', token, 999)).toBe(false);
  });

  it('cannot be given a later expiry or another shape', () => {
    const [signature = ''] = token.split('.');
    const changed = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`;
    for (const wrong of [`${signature}.9999`, signature, '', '.1000', `${token}.1`, `${signature}.1e9`, changed]) {
      expect(verifyWorkerToken(masterKey, 'backup-1', wrong, 1), wrong).toBe(false);
    }
  });
});
