import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

/** Below a backup: `/backups/:id/restore`. */
export const restoreRoutes: Routes = [
  ...pageFor('backup.restore', {
    path: '',
    title: 'Restore',
    loadComponent: () => import('./restore-page.ts').then((m) => m.RestorePage),
  }),
];
