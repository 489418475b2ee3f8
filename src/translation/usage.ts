/** Tokens. `input` is all of the input, cached or not. What nobody reported is undefined, never 0. */
export interface Usage {
  readonly input?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWrite1h?: number | undefined;
  /** All of the output, reasoning included. */
  readonly output?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly acceptedPrediction?: number | undefined;
  readonly rejectedPrediction?: number | undefined;
}

/**
 * A later report completes the earlier one field by field. Neither a missing field nor 0 undoes what was known, and nothing is
 * added up: reports are cumulative.
 */
export function completed(earlier: Usage | undefined, later: Usage | undefined): Usage | undefined {
  if (earlier === undefined) return later;
  if (later === undefined) return earlier;
  const usage: Record<string, number | undefined> = { ...earlier };
  for (const [field, value] of Object.entries(later)) {
    if (value !== undefined && (value !== 0 || usage[field] === undefined)) usage[field] = value;
  }
  return usage;
}

/** Whether a report says anything that a client can be told. */
export function isReported(usage: Usage | undefined): usage is Usage {
  return usage !== undefined && (usage.input !== undefined || usage.output !== undefined);
}

/** A count of a provider's report; undefined for null, negative numbers and whatever is no number. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}

/** The sum of the counts that are known; undefined where none is. */
export function sum(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}
