/**
 * The permissions of a caller. `key` is the session of a master key, which sees only its own use. Each of the other
 * roles includes the one before it.
 */
export const ROLES = ['key', 'viewer', 'operator', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/**
 * The access that an operation needs: everyone, a role and those above it, or permission to call models, which all
 * roles except viewers have.
 */
export type Access = 'public' | 'asking' | Role;

/** The kinds of resource that an operator edits. All other writes need an admin. */
const EDITED_BY_OPERATORS: ReadonlySet<string> = new Set([
  'providers',
  'models',
  'master-keys',
  'teams',
  'users',
]);

/** The access of an operation: the declared one, else viewers for reading, and operators or admins for writing. */
export function accessOf({
  access,
  method,
  tag,
}: {
  readonly access?: Access;
  readonly method: string;
  readonly tag: string;
}): Access {
  if (access !== undefined) return access;
  if (method === 'get') return 'viewer';
  return EDITED_BY_OPERATORS.has(tag) ? 'operator' : 'admin';
}

export function mayRun(role: Role, access: Access): boolean {
  if (access === 'asking') return role !== 'viewer';
  return access === 'public' || ROLES.indexOf(role) >= ROLES.indexOf(access);
}
