import type { Json, JsonObject } from './revision.ts';
import type { StoredRow } from './stored-row.ts';

/**
 * Makes equal parts of rows the same objects: thousands of keys have the same limits, which then are kept, checked and
 * read once.
 */
export class EqualParts {
  readonly #parts = new Map<string, Json>();
  readonly #times = new Map<string, string>();
  readonly #none: StoredRow['secrets'] = {};

  shared({ id, position, body, secrets, created_at, updated_at }: StoredRow): StoredRow {
    return {
      id,
      position,
      body: this.#fields(body),
      secrets: Object.keys(secrets).length === 0 ? this.#none : secrets,
      created_at: this.#time(created_at),
      updated_at: this.#time(updated_at),
    };
  }

  #fields(body: JsonObject): JsonObject {
    const fields: Record<string, Json> = body;
    for (const [name, value] of Object.entries(body))
      if (typeof value === 'object' && value !== null) fields[name] = this.#part(value);
    return fields;
  }

  #part(value: Json): Json {
    const text = JSON.stringify(value);
    const known = this.#parts.get(text);
    if (known !== undefined) return known;
    this.#parts.set(text, value);
    return value;
  }

  #time(text: string): string {
    const known = this.#times.get(text);
    if (known === undefined) this.#times.set(text, text);
    return known ?? text;
  }
}
