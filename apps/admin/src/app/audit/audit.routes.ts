import type { Routes } from '@angular/router';
import { pageFor } from '../shell/signed-in.ts';

export const auditRoutes: Routes = [
  ...pageFor('audit.read', {
    path: '',
    title: 'Audit',
    loadComponent: () => import('./audit-page.ts').then((m) => m.AuditPage),
  }),
  ...pageFor('audit.read', {
    path: ':id',
    title: 'Audit entry',
    loadComponent: () => import('./audit-entry-page.ts').then((m) => m.AuditEntryPage),
  }),
];
