import type { IncomingHttpHeaders } from 'node:http';

/** `__Host-`: browsers keep it only with Secure, Path=/ and no Domain. */
export const COOKIE_NAME = '__Host-holdfast';
export const COOKIE_FLAGS = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const;

/** What a request shows; `ambient` is true for the cookie, which browsers send by themselves. */
export interface ShownCredential {
  token: string;
  ambient: boolean;
}

/** The bearer token of a request, or else its cookie. */
export function shownCredential(headers: IncomingHttpHeaders): ShownCredential | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, ambient: false };
  const pair = headers.cookie?.split(/; */).find((part) => part.startsWith(`${COOKIE_NAME}=`));
  const token = pair?.slice(COOKIE_NAME.length + 1);
  return token ? { token, ambient: true } : null;
}

/**
 * Whether a request that a browser may have sent by itself comes from our own pages: its Origin is in `origins`
 * (empty: the host it was sent to). Clients that are no browsers send neither Origin nor Sec-Fetch-Site.
 */
export function fromOwnPages(headers: IncomingHttpHeaders, ownOrigin: string, origins: readonly string[]): boolean {
  const allowed = origins.length > 0 ? origins : [ownOrigin];
  if (headers.origin !== undefined) return allowed.includes(headers.origin);
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
