import type { Keyring } from './keyring.ts';
import { fieldAt, pathsLike, setField } from './json-path.ts';
import { type Kind, RESOURCE_KINDS } from './resource-kinds.ts';
import type { Json, JsonObject, Resource } from './revision.ts';

/** A row of a resource's table. Secrets are stored separately. */
export interface StoredRow {
  readonly id: string;
  readonly position: number;
  readonly body: JsonObject;
  /** The id in the table `secrets` by the path of the secret field. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A row of the table `secrets`. */
export interface SealedSecret {
  readonly id: string;
  /** The resource and field that it belongs to, such as `providers/openai/api_key`. */
  readonly owner: string;
  readonly key_id: string;
  readonly sealed: string;
}

/** Builds a resource from its row and the sealed secrets by id. Throws `SealBroken`. */
export function openRow(
  kind: Kind,
  row: StoredRow,
  sealed: ReadonlyMap<string, SealedSecret>,
  keyring: Keyring,
): Resource {
  let fields = row.body;
  for (const [path, id] of Object.entries(row.secrets)) {
    const secret = sealed.get(id);
    if (secret === undefined) continue;
    const text = keyring.open(secret.sealed, contextOf(id, ownerOf(kind, row.id, path)));
    fields = setField(fields, path, JSON.parse(text) as Json);
  }
  return {
    id: row.id,
    position: row.position,
    fields,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Builds the row and the new secrets of a resource. Unchanged secrets keep their ids. */
export function sealRow(
  kind: Kind,
  resource: Resource,
  before: { readonly row: StoredRow; readonly resource: Resource } | undefined,
  keyring: Keyring,
): { readonly row: StoredRow; readonly sealed: readonly SealedSecret[] } {
  let body = resource.fields;
  const secrets: Record<string, string> = {};
  const sealed: SealedSecret[] = [];
  const patterns: readonly string[] = RESOURCE_KINDS[kind].secrets;
  for (const path of patterns.flatMap((pattern) => pathsLike(resource.fields, pattern))) {
    const value = fieldAt(resource.fields, path);
    if (value === undefined || value === null) continue;
    body = setField(body, path, undefined);
    const text = JSON.stringify(value);
    const known = before?.row.secrets[path];
    if (known !== undefined && JSON.stringify(fieldAt(before?.resource.fields ?? {}, path)) === text) {
      secrets[path] = known;
      continue;
    }
    const id = crypto.randomUUID();
    const owner = ownerOf(kind, resource.id, path);
    secrets[path] = id;
    sealed.push({ id, owner, key_id: keyring.keyId, sealed: keyring.seal(text, contextOf(id, owner)) });
  }
  const { id, position, createdAt, updatedAt } = resource;
  return { row: { id, position, body, secrets, created_at: createdAt, updated_at: updatedAt }, sealed };
}

/** Reseals a secret with the keyring's current key. Throws `SealBroken`. */
export function resealed(secret: SealedSecret, keyring: Keyring): SealedSecret {
  const context = contextOf(secret.id, secret.owner);
  const sealed = keyring.seal(keyring.open(secret.sealed, context), context);
  return { ...secret, key_id: keyring.keyId, sealed };
}

function ownerOf(kind: Kind, id: string, path: string): string {
  return `${kind}/${id}/${path}`;
}

function contextOf(secretId: string, owner: string): string {
  return `${secretId} ${owner}`;
}
