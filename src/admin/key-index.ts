import type { JsonObject } from '../store/revision.ts';
import { storedKey } from '../store/stored-key.ts';

/** Finds the master keys that have the name or the secret of a new one. */
export class KeyIndex {
  /** The names and hashes of the new keys; those of all others would take long to index. */
  readonly #wanted = new Set<string>();
  readonly #byName = new Map<string, string>();
  readonly #byHash = new Map<string, string>();

  constructor(created: readonly JsonObject[]) {
    for (const fields of created) {
      const { name, hash } = storedKey(fields);
      this.#wanted.add(name).add(hash);
    }
  }

  add(id: string, fields: JsonObject): void {
    const { name, hash, previous } = storedKey(fields);
    if (this.#wanted.has(name)) this.#byName.set(name, id);
    if (this.#wanted.has(hash)) this.#byHash.set(hash, id);
    if (previous !== undefined && this.#wanted.has(previous.hash)) this.#byHash.set(previous.hash, id);
  }

  /** The reason why a new key cannot be stored; undefined: it can. */
  conflictOf(fields: JsonObject): string | undefined {
    const { name, hash } = storedKey(fields);
    const [named, same] = [this.#byName.get(name), this.#byHash.get(hash)];
    if (named !== undefined) return `The master key "${named}" has the name "${name}" already.`;
    return same === undefined ? undefined : `The master key "${same}" has the same secret.`;
  }
}
