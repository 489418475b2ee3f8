import type { Kind } from './resource-kinds.ts';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/**
 * One provider, master key, model or setting, including secrets, with the field names of the Admin API. A setting's
 * value is in the field `value`. A master key has `hash` and `preview` instead of `key`.
 */
export interface Resource {
  readonly id: string;
  /** Orders the resources of a kind; the round robin of providers uses it. */
  readonly position: number;
  readonly fields: JsonObject;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The resources of each kind by id, in order. */
export type Resources = Readonly<Record<Kind, ReadonlyMap<string, Resource>>>;

/** One version of the whole configuration. Immutable: a write creates the next one. */
export interface Revision {
  /** 0: nothing was ever written. */
  readonly version: number;
  /** ISO 8601. */
  readonly changedAt: string;
  /** Whether there ever was a master key. From then on the gateway requires one, even if none is left. */
  readonly hadKeys: boolean;
  /** The identity of its database; undefined: it was kept by a program that did not know identities. */
  readonly identity?: string | undefined;
  readonly resources: Resources;
}

/** Adds, replaces or removes (`fields` undefined) one resource. */
export function withResource(
  resources: Resources,
  { kind, id }: ResourceName,
  fields: JsonObject | undefined,
  now: string,
): Resources {
  return { ...resources, [kind]: withChanges(resources[kind], [[id, fields]], now) };
}

/** Applies changes to the resources of one kind: new fields, or undefined to remove a resource. */
export function withChanges(
  before: ReadonlyMap<string, Resource>,
  changes: Iterable<readonly [id: string, fields: JsonObject | undefined]>,
  now: string,
): ReadonlyMap<string, Resource> {
  const after = new Map(before);
  let last = 0;
  for (const { position } of before.values()) last = Math.max(last, position);
  for (const [id, fields] of changes) {
    if (fields === undefined) {
      after.delete(id);
      continue;
    }
    const { position = (last += 1), createdAt = now } = after.get(id) ?? {};
    after.set(id, { id, position, fields, createdAt, updatedAt: now });
  }
  return after;
}

/** A resource by kind and id. */
export interface ResourceName {
  readonly kind: Kind;
  readonly id: string;
}
