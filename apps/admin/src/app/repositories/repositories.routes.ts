import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

export const repositoriesRoutes: Routes = [
  ...pageFor('repository.read', {
    path: '',
    title: 'Repositories',
    loadComponent: () => import('./repositories-page.ts').then((m) => m.RepositoriesPage),
  }),
  ...pageFor('repository.manage', {
    path: 'new',
    title: 'Add a repository',
    loadComponent: () => import('./new-repository-page.ts').then((m) => m.NewRepositoryPage),
  }),
  ...pageFor('repository.read', {
    path: ':id',
    title: 'Repository',
    loadComponent: () => import('./repository-page.ts').then((m) => m.RepositoryPage),
  }),
];
