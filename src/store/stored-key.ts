import { hashKey, previewMasterKey } from '../config/compile/compile-access.ts';
import type { JsonObject } from './revision.ts';

/** The stored part of a master key's secret: enough to recognise it, not enough to use it. */
export interface KeyMark {
  /** SHA-256 in lower-case hex. */
  readonly hash: string;
  readonly preview: string;
}

/** The fields of a master key that this program reads itself. */
export interface StoredKey extends KeyMark {
  readonly name: string;
  /** The key before the last rotation, and until when (ISO 8601) it is valid. */
  readonly previous: (KeyMark & { readonly expires_at: string }) | undefined;
}

/** The fields of a master key, which were checked before they were stored. */
export function storedKey(fields: JsonObject): StoredKey {
  const { name, hash, preview, previous } = fields as unknown as StoredKey;
  return { name, hash, preview, previous: previous ?? undefined };
}

/** The fields of a master key that say what became of it. They are no settings, so a file does not have them. */
const RECORD_FIELDS: ReadonlySet<string> = new Set([
  'hash',
  'preview',
  'previous',
  'created_by',
  'disabled_reason',
]);

/** The fields of a master key that are settings. */
export function settingsOfKey(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !RECORD_FIELDS.has(name)));
}

/** The other fields of a master key. */
export function recordOfKey(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => RECORD_FIELDS.has(name)));
}

/** Derives the stored part of a secret. `sha256:` and 64 hex digits stand for a key of which only the hash is known. */
export function markOf(secret: string): KeyMark {
  return { hash: hashKey(secret), preview: previewMasterKey(secret) };
}

/** The form of an exported key, of which only the hash is known. */
export function hashedKeyText({ hash }: KeyMark): string {
  return `sha256:${hash}`;
}

/** The fields after a change of the secret. The former one stays valid for `graceSeconds`; 0: not at all. */
export function rotatedFields(
  fields: JsonObject,
  secret: string,
  { now, graceSeconds }: { readonly now: Date; readonly graceSeconds: number },
): JsonObject {
  const { hash, preview } = storedKey(fields);
  const { previous: _, ...rest } = fields;
  const expires = new Date(now.getTime() + graceSeconds * 1000).toISOString();
  return {
    ...rest,
    ...markOf(secret),
    ...(graceSeconds > 0 && { previous: { hash, preview, expires_at: expires } }),
  };
}
