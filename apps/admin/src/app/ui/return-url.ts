/** The page to go to after signing in: an address inside the console, whatever somebody wrote into the URL. */
export function returnUrl(given: unknown, origin: string): string {
  if (typeof given !== 'string' || !/^\/(?![/\\])/.test(given) || !URL.canParse(given, origin)) return '/';
  const url = new URL(given, origin);
  if (url.origin !== origin || url.pathname === '/sign-in' || url.pathname.startsWith('/api/')) return '/';
  return url.pathname + url.search + url.hash;
}
