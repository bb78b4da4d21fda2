import type { OperationKind } from './operations.ts';

export const ROLES = ['viewer', 'operator', 'admin', 'owner'] as const;
/** Each role may do all that the ones before it may. */
export type Role = (typeof ROLES)[number];

/** The lowest role that holds each permission; `environment` ones can be granted or denied per environment. */
export const PERMISSIONS = {
  'account.self': { role: 'viewer', scope: 'global' },
  'account.read': { role: 'admin', scope: 'global' },
  'account.manage': { role: 'owner', scope: 'global' },
  'token.manage': { role: 'viewer', scope: 'global' },
  'environment.read': { role: 'viewer', scope: 'environment' },
  'environment.test': { role: 'operator', scope: 'environment' },
  'environment.edit': { role: 'admin', scope: 'environment' },
  'repository.read': { role: 'viewer', scope: 'global' },
  'repository.test': { role: 'operator', scope: 'global' },
  'repository.manage': { role: 'owner', scope: 'global' },
  'backup.read': { role: 'viewer', scope: 'environment' },
  'backup.create': { role: 'operator', scope: 'environment' },
  'backup.edit': { role: 'operator', scope: 'environment' },
  'backup.verify': { role: 'operator', scope: 'environment' },
  'backup.restore': { role: 'admin', scope: 'environment' },
  'backup.download': { role: 'admin', scope: 'environment' },
  'backup.delete': { role: 'admin', scope: 'environment' },
  'operation.read': { role: 'viewer', scope: 'environment' },
  'operation.cancel': { role: 'operator', scope: 'environment' },
  'operation.clean': { role: 'admin', scope: 'global' },
  'health.read': { role: 'viewer', scope: 'global' },
  'payload.decode': { role: 'admin', scope: 'global' },
  'audit.read': { role: 'admin', scope: 'global' },
} as const satisfies Record<string, { role: Role; scope: 'global' | 'environment' }>;

export type Permission = keyof typeof PERMISSIONS;

/** What whoever starts an operation of each kind must hold in its environment, to retry one too. */
export const START_PERMISSIONS = {
  backup: 'backup.create',
  verify: 'backup.verify',
  restore: 'backup.restore',
  expire: 'backup.delete',
} as const satisfies Record<OperationKind, Permission>;

/** Who asks. Per-environment grants and token scopes will be added here; every check already goes through `can`. */
export interface Actor {
  id: string;
  name: string;
  role: Role;
}

const rank = (role: Role): number => ROLES.indexOf(role);

/** Whether the actor holds a permission (in an environment, where the permission is of that scope). */
export const can = (actor: Actor, permission: Permission): boolean =>
  rank(actor.role) >= rank(PERMISSIONS[permission].role);

/** Nobody hands out, or touches, a role above their own. */
export const mayAssign = (actor: Actor, current: Role | null, next: Role): boolean =>
  can(actor, 'account.manage') &&
  rank(next) <= rank(actor.role) &&
  (current === null || rank(current) <= rank(actor.role));
