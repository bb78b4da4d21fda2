import { createHash, randomBytes } from 'node:crypto';

/** The first characters of an API token; a session's token starts otherwise. */
export const API_TOKEN_PREFIX = 'hf_';
export const SESSION_TOKEN_PREFIX = 'hfs_';

/** An opaque token of 256 random bits. */
export const newToken = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`;

/** What is kept of a token: its SHA-256 tells nothing about 256 random bits. */
export const hashToken = (token: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHash('sha256').update(token).digest());
