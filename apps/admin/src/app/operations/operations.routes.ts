import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

export const operationsRoutes: Routes = [
  ...pageFor('operation.read', {
    path: '',
    title: 'Operations',
    loadComponent: () => import('./operations-page.ts').then((m) => m.OperationsPage),
  }),
  ...pageFor('operation.read', {
    path: ':id',
    title: 'Operation',
    loadComponent: () => import('./operation-page.ts').then((m) => m.OperationPage),
  }),
];
