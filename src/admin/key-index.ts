import type { JsonObject } from '../store/revision.ts';
import { storedKey } from '../store/stored-key.ts';

/** An index of the names and secrets of master keys, to find duplicates. */
export class KeyIndex {
  readonly #except: string | undefined;
  readonly #byName = new Map<string, string>();
  readonly #byHash = new Map<string, string>();

  /** `except` is the id of a key to leave out. */
  constructor(except?: string) {
    this.#except = except;
  }

  add(id: string, fields: JsonObject): void {
    if (id === this.#except) return;
    const { name, hash, previous } = storedKey(fields);
    this.#byName.set(name, id);
    this.#byHash.set(hash, id);
    if (previous !== undefined) this.#byHash.set(previous.hash, id);
  }

  /** The reason why a key cannot be stored; undefined: it can. */
  conflictOf(fields: JsonObject): string | undefined {
    const { name, hash } = storedKey(fields);
    const [named, same] = [this.#byName.get(name), this.#byHash.get(hash)];
    if (named !== undefined) return `The master key "${named}" has the name "${name}" already.`;
    return same === undefined ? undefined : `The master key "${same}" has the same secret.`;
  }
}
