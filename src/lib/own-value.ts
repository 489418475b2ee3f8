/**
 * The value of a table under a key from outside; undefined: it has none. A plain index also finds the members that
 * every object inherits, such as `constructor`.
 */
export function ownValue<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
