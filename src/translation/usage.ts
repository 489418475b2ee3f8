import { isImpossibleCount, isUsageCount } from '../lib/usage-count.ts';
import { asObject, type JsonObject, type JsonTree } from './json.ts';

/** Token counts. `input` is the whole input, cached or not. A count that was not reported is undefined, never 0. */
export interface Usage {
  readonly input?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWrite1h?: number | undefined;
  /** The whole output, including reasoning. */
  readonly output?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly acceptedPrediction?: number | undefined;
  readonly rejectedPrediction?: number | undefined;
  /** The provider's own statement of its bill, in nano-dollars. Clients of other APIs are not told. */
  readonly reportedNano?: number | undefined;
}

/**
 * Completes an earlier report with a later one, field by field. A missing field or a 0 does not overwrite a known
 * count. Nothing is added up, because reports are cumulative.
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

/** Whether a report contains a count that a client can use. */
export function isReported(usage: Usage | undefined): usage is Usage {
  return usage !== undefined && (usage.input !== undefined || usage.output !== undefined);
}

/** A count in a provider's report; undefined for null, impossible numbers and other types. */
export function count(value: unknown): number | undefined {
  return isUsageCount(value) ? Math.round(value) : undefined;
}

/** The members of a provider's report if it is one whose main counts, by name, are possible. */
export function reportOf(value: unknown, ...counts: readonly string[]): JsonObject | undefined {
  const report = asObject(value);
  if (report === undefined || counts.some((name) => isImpossibleCount(report[name]))) return undefined;
  return report;
}

/** The sum of the known counts; undefined if none is known. */
export function sum(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

/** Merges two reports in a provider's form. Neither null nor 0 in the later report overwrites the earlier one. */
export function mergedReports(earlier: JsonObject, later: JsonObject): JsonObject {
  const merged: JsonTree = { ...earlier };
  for (const [field, value] of Object.entries(later)) {
    if (value !== null && value !== undefined && (value !== 0 || (merged[field] ?? undefined) === undefined))
      merged[field] = value;
  }
  return merged;
}
