import type { Kind } from './resource-kinds.ts';
import type { Json, JsonObject } from './revision.ts';
import type { StoredRow } from './stored-row.ts';
import type { RowChange } from './tables.ts';

/** The effect of a write on one resource. */
export interface Change {
  readonly kind: Kind;
  readonly id: string;
  readonly action: 'created' | 'updated' | 'deleted';
  readonly fields: readonly FieldChange[];
}

/** One field before and after; undefined: not set. Of a secret, only whether it was set. */
export interface FieldChange {
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Shown in place of a secret. */
const SECRET = '(secret)';

/** Describes the changes of a write for people, without secrets. */
export function describeChanges(changes: readonly RowChange[]): Change[] {
  return changes.map(({ kind, id, before, after }) => ({
    kind,
    id,
    action: before === null ? 'created' : after === null ? 'deleted' : 'updated',
    fields: [...bodyChanges(before, after), ...secretChanges(before, after)],
  }));
}

function bodyChanges(before: StoredRow | null, after: StoredRow | null): FieldChange[] {
  const [old, now] = [shown(before?.body ?? {}), shown(after?.body ?? {})];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((path) => JSON.stringify(old[path]) !== JSON.stringify(now[path]))
    .map((path) => ({ path, before: old[path], after: now[path] }));
}

/** A hash is not secret but useless to readers: the preview beside it identifies the key. */
function shown({ hash: _, previous, ...rest }: JsonObject): JsonObject {
  if (typeof previous !== 'object' || previous === null || Array.isArray(previous)) return rest;
  const { hash: __, ...visible } = previous as JsonObject;
  return { ...rest, previous: visible };
}

function secretChanges(before: StoredRow | null, after: StoredRow | null): FieldChange[] {
  const [old, now] = [before?.secrets ?? {}, after?.secrets ?? {}];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((path) => old[path] !== now[path])
    .map((path) => ({
      path,
      before: old[path] === undefined ? undefined : SECRET,
      after: now[path] === undefined ? undefined : SECRET,
    }));
}
