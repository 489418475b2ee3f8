import type { z } from 'zod';
import type { Kind } from '../store/resource-kinds.ts';
import type { Json, JsonObject, Resource, Resources } from '../store/revision.ts';

/** The operations of the Admin API on one kind of resource. `RESOURCE_KINDS` has its name, path and secrets. */
export interface ResourceKind {
  readonly kind: Kind;
  readonly createSchema: z.ZodType;
  readonly updateSchema: z.ZodType;
  /** Bodies that these let pass, for the documentation. */
  readonly examples: { readonly create: JsonObject; readonly update: JsonObject };
  /** What reading gives: never a secret. */
  readonly viewSchema: z.ZodType;
  /** What creating gives, where that is more. */
  readonly createdSchema?: z.ZodType;
  readonly create: (input: JsonObject) => Creation;
  /** The fields after an update by what the client sent; a null takes a field away. */
  readonly update: (before: JsonObject, input: JsonObject) => JsonObject;
  readonly view: (resource: Resource) => JsonObject;
  /** Why there can't be such a resource beside the others; undefined: there can. */
  readonly findConflict: (resources: Resources, id: string, fields: JsonObject) => string | undefined;
  /** Whether a PUT may make the resource of that id; left out: never. */
  readonly canPut?: (id: string) => boolean;
}

export interface Creation {
  readonly id: string;
  readonly fields: JsonObject;
  /** Shown in this one answer and never again. */
  readonly shown: JsonObject;
}

/** The fields with those of `changes` in place of them; a null takes a field away. */
export function merged(before: JsonObject, changes: JsonObject): JsonObject {
  return withoutNulls({ ...before, ...changes });
}

/** Without the fields that are null, which say the same as none. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** When a resource was made and last changed, as every answer has it. */
export function dates({ createdAt, updatedAt }: Resource): JsonObject {
  return { created_at: createdAt, updated_at: updatedAt };
}

/** A field that its schema has found to be text. */
export function asText(field: Json | undefined): string {
  if (typeof field !== 'string')
    throw new TypeError('a field is no text that its schema has let pass as one');
  return field;
}
