import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

export const backupsRoutes: Routes = [
  ...pageFor('backup.read', {
    path: '',
    title: 'Backups',
    loadComponent: () => import('./backups-page.ts').then((m) => m.BackupsPage),
  }),
  ...pageFor('backup.read', {
    path: ':id',
    title: 'Backup',
    loadComponent: () => import('./backup-page.ts').then((m) => m.BackupPage),
  }),
];
