import type { Routes } from '@angular/router';

/** What one does to one's own account. */
export const accountRoutes: Routes = [
  {
    path: 'password',
    title: 'Change password',
    loadComponent: () => import('./change-password-page.ts').then((m) => m.ChangePasswordPage),
  },
  {
    path: 'sessions',
    title: 'Sessions',
    loadComponent: () => import('./sessions-page.ts').then((m) => m.SessionsPage),
  },
];
