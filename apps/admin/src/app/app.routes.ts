import type { Routes } from '@angular/router';
import { signedIn } from './shell/signed-in.ts';

/** One lazy entry a noun; what needs a sign-in stands inside the shell. */
export const appRoutes: Routes = [
  {
    path: 'sign-in',
    title: 'Sign in',
    loadComponent: () => import('./shell/sign-in-page.ts').then((m) => m.SignInPage),
  },
  {
    path: '',
    loadComponent: () => import('./shell/shell.ts').then((m) => m.Shell),
    canMatch: [signedIn],
    children: [
      {
        path: '',
        pathMatch: 'full',
        loadChildren: () => import('./dashboard/dashboard.routes.ts').then((m) => m.dashboardRoutes),
      },
      {
        path: 'backups/:id/restore',
        loadChildren: () => import('./restore/restore.routes.ts').then((m) => m.restoreRoutes),
      },
      {
        path: 'backups',
        loadChildren: () => import('./backups/backups.routes.ts').then((m) => m.backupsRoutes),
      },
      {
        path: 'operations',
        loadChildren: () => import('./operations/operations.routes.ts').then((m) => m.operationsRoutes),
      },
      {
        path: 'environments',
        loadChildren: () => import('./environments/environments.routes.ts').then((m) => m.environmentsRoutes),
      },
      {
        path: 'repositories',
        loadChildren: () => import('./repositories/repositories.routes.ts').then((m) => m.repositoriesRoutes),
      },
      { path: 'audit', loadChildren: () => import('./audit/audit.routes.ts').then((m) => m.auditRoutes) },
      { path: 'account', loadChildren: () => import('./account/account.routes.ts').then((m) => m.accountRoutes) },
      {
        path: '**',
        title: 'Not found',
        loadComponent: () => import('./shell/not-found-page.ts').then((m) => m.NotFoundPage),
      },
    ],
  },
];
