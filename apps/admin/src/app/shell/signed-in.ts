import { inject } from '@angular/core';
import { Router, type CanMatchFn, type Route, type Routes } from '@angular/router';
import type { Permission } from '@holdfast/contracts';
import { Session } from '../ui/session.ts';

/**
 * Lets nobody into the shell who is not signed in; the sign-in page leads back to where they wanted to go. It is asked
 * before anything below the shell is looked for, so that those routes know who is signed in.
 */
export const signedIn: CanMatchFn = async () => {
  const session = inject(Session);
  const router = inject(Router);
  const wanted = router.currentNavigation()?.extractedUrl.toString() ?? '/';
  if (session.signedIn() || (await session.load())) return true;
  return router.createUrlTree(['/sign-in'], wanted === '/' ? {} : { queryParams: { return: wanted } });
};

/** A page for those who have the permission; to everybody else its address says that their role does not include it. */
export const pageFor = (permission: Permission, page: Route): Routes => [
  { ...page, canMatch: [() => inject(Session).may(permission)] },
  {
    path: page.path ?? '',
    title: 'Not allowed',
    loadComponent: () => import('./forbidden-page.ts').then((m) => m.ForbiddenPage),
  },
];
