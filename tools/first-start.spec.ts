import { describe, expect, it } from 'vitest';
import { passwordWords } from './first-start.ts';

const words = (password: string | null, given?: string) => passwordWords({ email: 'me@example.org', password }, given);

describe('what a start says of the password', () => {
  it('shows one that was made, until it was shown', () => {
    expect(words('made')).toContain('made   (shown once');
    expect(words(null)).toBe('(was shown at the first start)');
  });

  it('names the variable that a new account got it from, and not its value', () => {
    expect(words('given', 'given')).toBe('(HOLDFAST_OWNER_PASSWORD)');
  });

  it('never takes a variable of a later start for the password', () => {
    expect(words('made', 'given later')).toContain('made   (shown once');
    expect(words(null, 'given later')).toMatch(/^\(unchanged/);
  });
});
