import type { z } from 'zod';
import type { Kind } from '../store/resource-kinds.ts';
import type { Json, JsonObject, Resource, Resources } from '../store/revision.ts';
import type { Call } from './operation.ts';

/** One kind of resource in the Admin API. `RESOURCE_KINDS` has its title, path and secrets. */
export interface ResourceKind {
  readonly kind: Kind;
  readonly createSchema: z.ZodType;
  readonly updateSchema: z.ZodType;
  /** Valid bodies for the documentation. */
  readonly examples: { readonly create: JsonObject; readonly update: JsonObject };
  /** The resource as it is read, without secrets. */
  readonly viewSchema: z.ZodType;
  /** The result of a creation, if it shows more. */
  readonly createdSchema?: z.ZodType;
  /** `actor` is its creator, for kinds that store it. */
  readonly create: (input: JsonObject, actor: string) => Creation;
  /** The fields after an update; null removes a field. */
  readonly update: (before: JsonObject, input: JsonObject) => JsonObject;
  readonly view: (resource: Resource, moment: ViewMoment) => JsonObject;
  /** The fields of an answer besides the stored ones. If omitted, there are none. */
  readonly facts?: (resources: readonly Resource[], call: Call) => Promise<ReadonlyMap<string, JsonObject>>;
  /** The conflict with another resource; undefined: none. */
  readonly findConflict: (resources: Resources, id: string, fields: JsonObject) => string | undefined;
  /** Whether a PUT may create a resource of that id. If omitted, it never may. */
  readonly canPut?: (id: string) => boolean;
}

/** The context of a view besides the resource. */
export interface ViewMoment {
  readonly nowMs: number;
  /** How long an expired key goes on working. */
  readonly graceMs: number;
}

export interface Creation {
  readonly id: string;
  readonly fields: JsonObject;
  /** Shown in this response and never again. */
  readonly shown: JsonObject;
}

/** The fields overridden by `changes`; null removes a field. */
export function merged(before: JsonObject, changes: JsonObject): JsonObject {
  return withoutNulls({ ...before, ...changes });
}

/** Removes fields that are null, which equals leaving them out. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** The times of creation and last change, as in every response. */
export function dates({ createdAt, updatedAt }: Resource): JsonObject {
  return { created_at: createdAt, updated_at: updatedAt };
}

/** A field that its schema has checked to be text. */
export function asText(field: Json | undefined): string {
  if (typeof field !== 'string')
    throw new TypeError('a field is no text that its schema has let pass as one');
  return field;
}
