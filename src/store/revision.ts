import type { Kind } from './resource-kinds.ts';

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/**
 * One provider, master key, model or setting, secrets included and in the words of the Admin API. A setting has its
 * value in the field `value`. A master key has no `key` but its `hash` and `preview`.
 */
export interface Resource {
  readonly id: string;
  /** Resources of a kind stand in the order of their positions: providers take turns in it. */
  readonly position: number;
  readonly fields: JsonObject;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The resources of each kind by id, in order. */
export type Resources = Readonly<Record<Kind, ReadonlyMap<string, Resource>>>;

/** One version of the whole configuration. Never changed, only followed by another one. */
export interface Revision {
  /** 0: nothing was ever written. */
  readonly version: number;
  /** ISO 8601. */
  readonly changedAt: string;
  /** Whether there ever was a master key. From then on the gateway asks for one, even if none is left. */
  readonly hadKeys: boolean;
  /** Of the database that it is in; undefined: it was kept by a program that knew of none. */
  readonly identity?: string | undefined;
  readonly resources: Resources;
}

/** The resources with one more, one in place of another, or one less (`fields` undefined). */
export function withResource(
  resources: Resources,
  { kind, id }: ResourceName,
  fields: JsonObject | undefined,
  now: string,
): Resources {
  return { ...resources, [kind]: withChanges(resources[kind], [[id, fields]], now) };
}

/** Resources of one kind with what is to become of each of some: its new fields, or undefined if it goes. */
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
