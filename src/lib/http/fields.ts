/**
 * The fields of a message's header by name in lower case. The runtime's `Headers` is one form, `PlainFields` another
 * that costs a tenth of it.
 */
export interface Fields {
  /** Returns the values of a field, joined by commas; null if it is missing. */
  readonly get: (name: string) => string | null;
  readonly has: (name: string) => boolean;
  /** Every field. `Headers` gives a list of values for `set-cookie`. */
  readonly toJSON: () => Readonly<Record<string, string>>;
}

/** Fields in an object without a prototype, which nobody changes. */
export class PlainFields implements Fields {
  /** The fields that repeated messages have in common, as one object. Things derived from them may be remembered by it. */
  readonly shared: Readonly<Record<string, string>>;
  /** The length of this message if it is not in `shared`. */
  readonly #contentLength: string | undefined;

  constructor(shared: Readonly<Record<string, string>>, contentLength?: string) {
    this.shared = shared;
    this.#contentLength = contentLength;
  }

  get(name: string): string | null {
    const value = this.shared[name];
    if (value !== undefined) return value;
    return name === 'content-length' ? (this.#contentLength ?? null) : null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  toJSON(): Readonly<Record<string, string>> {
    if (this.#contentLength === undefined) return this.shared;
    return Object.assign(emptyFields(), this.shared, { 'content-length': this.#contentLength });
  }
}

/** Returns an object for fields, in which no name has a meaning of its own. */
export function emptyFields(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** Returns a copy that may be changed. */
export function copyOfFields(fields: Fields): Headers {
  return fields instanceof Headers ? new Headers(fields) : new Headers(fields.toJSON());
}

/** Returns the names and values, sorted by name. */
export function fieldEntries(fields: Fields): (readonly [name: string, value: string])[] {
  const values = fields.toJSON();
  const names = Object.keys(values).sort();
  return names.map((name) => [name, String(values[name])]);
}
