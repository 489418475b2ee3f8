/** The names of the client's `anthropic-beta` that reach the provider. An entry without a date covers every date. */
export type BetaPolicy = 'drop' | 'pass' | readonly string[];

/** The betas of a request. */
export interface Betas {
  /** The betas sent to the provider, in the client's order. */
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
  /** Whether the provider accepts the feature of one of these betas. A name without a date stands for all dates. */
  readonly takes: (names: readonly string[]) => boolean;
}

/** Sorts the client's betas by the policy. They come from the header or, in Bedrock's own form, from the body. */
export function betasOf(asked: readonly string[], policy: BetaPolicy): Betas {
  const names = [...new Set(asked.map((name) => name.trim()).filter((name) => name !== ''))];
  const listed = typeof policy === 'string' ? [] : policy;
  const isKept = (name: string) => policy === 'pass' || listed.some((entry) => covers(entry, name));
  const kept = names.filter(isKept);
  const dropped = names.filter((name) => !isKept(name));
  const any = (betas: readonly string[], wanted: readonly string[]) =>
    betas.some((beta) => wanted.some((name) => covers(name, beta)));
  return {
    kept,
    dropped,
    takes: (wanted) => any(kept, wanted) || any(listed, wanted),
  };
}

/** The value of the header `anthropic-beta` under a policy; undefined: send none. */
export function betaHeader(value: string, policy: BetaPolicy): string | undefined {
  if (policy === 'pass') return value === '' ? undefined : value;
  const { kept } = betasOf(value.split(','), policy);
  return kept.length === 0 ? undefined : kept.join(',');
}

/** `context-management` covers itself and `context-management-2025-06-27`. */
function covers(entry: string, name: string): boolean {
  return name === entry || (name.startsWith(`${entry}-`) && !DATE.test(entry));
}

const DATE = /-\d{4}-\d{2}-\d{2}$/;
