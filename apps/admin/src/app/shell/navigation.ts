import {
  mdiArchiveOutline,
  mdiClipboardTextClockOutline,
  mdiDatabaseOutline,
  mdiHarddisk,
  mdiPulse,
  mdiViewDashboardOutline,
} from '@mdi/js';
import type { Permission } from '@holdfast/contracts';

/** A place in the console's navigation. */
export interface Place {
  label: string;
  link: string;
  icon: string;
  /** Who may not read it does not see it. */
  permission: Permission;
  /** `g` and this key lead there. */
  key: string;
}

/** Every place there is, in the order of the navigation. */
export const PLACES: readonly Place[] = [
  { label: 'Dashboard', link: '/', icon: mdiViewDashboardOutline, permission: 'environment.read', key: 'd' },
  { label: 'Backups', link: '/backups', icon: mdiArchiveOutline, permission: 'backup.read', key: 'b' },
  { label: 'Operations', link: '/operations', icon: mdiPulse, permission: 'operation.read', key: 'o' },
  { label: 'Environments', link: '/environments', icon: mdiDatabaseOutline, permission: 'environment.read', key: 'e' },
  {
    ...{ label: 'Repositories', link: '/repositories', icon: mdiHarddisk },
    ...{ permission: 'repository.read', key: 'r' },
  },
  { label: 'Audit', link: '/audit', icon: mdiClipboardTextClockOutline, permission: 'audit.read', key: 'a' },
];
