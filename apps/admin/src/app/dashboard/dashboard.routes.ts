import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

export const dashboardRoutes: Routes = [
  ...pageFor('environment.read', {
    path: '',
    title: 'Dashboard',
    loadComponent: () => import('./dashboard-page.ts').then((m) => m.DashboardPage),
  }),
];
