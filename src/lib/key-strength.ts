/** Minimum requirements on a secret. */
interface Strength {
  readonly characters: number;
  readonly different: number;
}

/** The secret of an operator, who may do everything. */
const OPERATOR: Strength = { characters: 16, different: 5 };

/** The key of a client: it must withstand a few guesses. */
export const MASTER_KEY: Strength = { characters: 6, different: 4 };

/** Prefixes and patterns of the values in examples, which attackers try first. */
const EXAMPLE =
  /^(?:your|my|example|insert|replace)[-_ ]|change[-_ ]?me|placeholder|^(?:admin|secret|password)[-_]?(?:key)?[-_]?\d*$/i;

/** Why a secret is too weak, as a predicate of its name ("is too short"); undefined: it is good enough. */
export function findWeakness(
  key: string,
  { characters: shortest, different } = OPERATOR,
): string | undefined {
  if (key.length < shortest) {
    const characters = key.length === 1 ? '1 character' : `${key.length} characters`;
    return `has ${characters}; it needs ${shortest} or more, as from "openssl rand -hex 32"`;
  }
  if (/[^\x21-\x7e]/.test(key))
    return 'must be printable ASCII without spaces, since it travels in an HTTP header';
  if (EXAMPLE.test(key) || new Set(key).size < different) {
    return 'is a value from examples; use a random one, such as "openssl rand -hex 32" prints';
  }
  return undefined;
}
