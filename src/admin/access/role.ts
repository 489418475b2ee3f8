/**
 * What a caller may do. `key` is the session of a master key, which sees its own use only; each of the others may do
 * what the one before it may.
 */
export const ROLES = ['key', 'viewer', 'operator', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** Who may run an operation: everybody, a role and those above it, or who may ask models: all roles but viewers. */
export type Access = 'public' | 'asking' | Role;

/** The kinds of resource that an operator edits. Everything else that is written is an admin's. */
const EDITED_BY_OPERATORS: ReadonlySet<string> = new Set([
  'providers',
  'models',
  'master-keys',
  'teams',
  'users',
]);

/** Who may run the operation: what it says, else readers for reading, and operators or admins for writing. */
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
