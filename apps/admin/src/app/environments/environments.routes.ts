import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

export const environmentsRoutes: Routes = [
  ...pageFor('environment.read', {
    path: '',
    title: 'Environments',
    loadComponent: () => import('./environments-page.ts').then((m) => m.EnvironmentsPage),
  }),
  ...pageFor('environment.edit', {
    path: 'new',
    title: 'New environment',
    loadComponent: () => import('./new-environment-page.ts').then((m) => m.NewEnvironmentPage),
  }),
  ...pageFor('environment.read', {
    path: ':id',
    title: 'Environment',
    loadComponent: () => import('./environment-page.ts').then((m) => m.EnvironmentPage),
  }),
  ...pageFor('environment.edit', {
    path: ':id/edit',
    title: 'Edit environment',
    loadComponent: () => import('./edit-environment-page.ts').then((m) => m.EditEnvironmentPage),
  }),
];
