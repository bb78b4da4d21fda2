import { randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

/** Who asks, by the token sent along. */
export interface Caller {
  role: string;
  /** The user's id; null for a key that belongs to nobody. */
  subject: string | null;
  claims: Record<string, unknown>;
}

/** Signs and checks the project's tokens (HS256) with a secret that no other project has. */
export class ProjectTokens {
  readonly secret: string;
  readonly #key: Uint8Array;

  constructor(secret = randomBytes(32).toString('hex')) {
    this.secret = secret;
    this.#key = new TextEncoder().encode(secret);
  }

  /** A token of any claims; `seconds` is how long it is good for. */
  sign(claims: Record<string, unknown>, seconds: number): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt()
      .setExpirationTime(`${Math.trunc(seconds)}s`)
      .sign(this.#key);
  }

  /** A key of the project for one of the API's roles, good for ten years. */
  apiKey(ref: string, role: 'anon' | 'service_role'): Promise<string> {
    return this.sign({ iss: 'supabase', ref, role }, 10 * 365 * 24 * 3600);
  }

  /** The claims of a token that this project signed; throws for any other, and for one that has expired. */
  async open(token: string): Promise<Record<string, unknown>> {
    return (await jwtVerify(token, this.#key, { algorithms: ['HS256'] })).payload;
  }

  /** The caller that a token speaks for; throws like `open`. */
  async caller(token: string): Promise<Caller> {
    const claims = await this.open(token);
    const role = typeof claims['role'] === 'string' ? claims['role'] : 'anon';
    return { role, subject: typeof claims['sub'] === 'string' ? claims['sub'] : null, claims };
  }
}
