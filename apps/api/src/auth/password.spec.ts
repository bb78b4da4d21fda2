import { describe, expect, it } from 'vitest';
import { checkPassword, hashPassword } from './password.ts';
import { API_TOKEN_PREFIX, hashToken, newToken, SESSION_TOKEN_PREFIX } from './token.ts';

describe('a password', () => {
  it('is kept as argon2id, differently each time', async () => {
    const [first, second] = await Promise.all([hashPassword('the same one'), hashPassword('the same one')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(first).not.toBe(second);
    expect(await checkPassword(first, 'the same one')).toBe(true);
    expect(await checkPassword(first, 'the same One')).toBe(false);
  });

  it('never belongs to an account that does not exist, and costs as much to refuse', async () => {
    const hash = await hashPassword('somebody');
    await checkPassword(null, 'warm up');
    const time = async (of: string | null): Promise<number> => {
      const start = performance.now();
      expect(await checkPassword(of, 'wrong')).toBe(false);
      return performance.now() - start;
    };
    const known = Math.min(await time(hash), await time(hash), await time(hash));
    const unknown = Math.min(await time(null), await time(null), await time(null));
    expect(unknown).toBeGreaterThan(known / 3);
    expect(await checkPassword(null, 'nobody has this password')).toBe(false);
  });
});

describe('a token', () => {
  it('is long, new each time, and says which kind it is', () => {
    const tokens = Array.from({ length: 100 }, () => newToken(API_TOKEN_PREFIX));
    expect(new Set(tokens).size).toBe(100);
    expect(tokens.every((token) => /^hf_[\w-]{43}$/.test(token))).toBe(true);
    expect(newToken(SESSION_TOKEN_PREFIX).startsWith(API_TOKEN_PREFIX)).toBe(false);
  });

  it('is kept as 32 bytes that hold nothing of it', () => {
    expect(hashToken('hf_x')).toHaveLength(32);
    expect(hashToken('hf_x')).toEqual(hashToken('hf_x'));
    expect(hashToken('hf_x')).not.toEqual(hashToken('hf_y'));
  });
});
