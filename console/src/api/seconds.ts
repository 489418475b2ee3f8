import type { RequestRow, Tick } from './types.ts';

/** One second of traffic. */
export interface Second {
  readonly atMs: number;
  readonly requests: number;
  readonly failures: number;
  readonly tokens: number;
  /** How long the answered requests took that ended in it, in ms; of very many only a part. */
  readonly durations: readonly number[];
  /** The times to the first token of the same requests, in ms. */
  readonly firstTokens: readonly number[];
  /** Over the last `WINDOW_MS`: those of one second alone would jump up and down. */
  readonly p50: number | null;
  readonly p95: number | null;
}

const KEPT_SECONDS = 300;
const WINDOW_MS = 10_000;

/** The seconds after a further tick. */
export function withTick(seconds: readonly Second[], tick: Tick): readonly Second[] {
  const atMs = secondOf(tick.at);
  const last = seconds.at(-1);
  const isSame = last?.atMs === atMs;
  const before = isSame ? last : emptySecond(atMs);
  const earlier = isSame ? seconds.slice(0, -1) : seconds;
  const second = {
    ...before,
    requests: before.requests + tick.requests,
    failures: before.failures + tick.failures,
    tokens: before.tokens + tick.prompt_tokens + tick.completion_tokens,
    durations: [...before.durations, ...durationsOf(tick.ended)],
    firstTokens: [...before.firstTokens, ...firstTokensOf(tick.ended)],
  };
  return [...earlier, withPercentiles(second, earlier)].slice(-KEPT_SECONDS);
}

/**
 * The seconds with those before them, made from requests that ended earlier and are not in them. Some may have ended in the
 * first of them, too.
 */
export function withEarlier(seconds: readonly Second[], rows: readonly RequestRow[]): readonly Second[] {
  const firstMs = seconds[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const groups = new Map<number, RequestRow[]>();
  for (const row of rows) {
    const atMs = secondOf(row.time);
    if (atMs <= firstMs) groups.set(atMs, [...(groups.get(atMs) ?? []), row]);
  }
  const earlier = [...groups]
    .toSorted(([one], [other]) => one - other)
    .map(([atMs, group]) => secondFrom(atMs, group));
  const [first, ...rest] = seconds;
  const last = earlier.at(-1);
  const all =
    first !== undefined && last?.atMs === first.atMs
      ? [...earlier.slice(0, -1), sumOf(last, first), ...rest]
      : [...earlier, ...seconds];
  return all.map((second, at) => withPercentiles(second, all.slice(0, at))).slice(-KEPT_SECONDS);
}

/** The requests that ended before the stream began. Its first tick may tell some of them, too. */
export function endedBefore(
  beganAt: string,
  rows: readonly RequestRow[],
  told: readonly RequestRow[],
): readonly RequestRow[] {
  const isTold = new Set(told.map((row) => row.request_id));
  return rows.filter((row) => row.time < beganAt && !isTold.has(row.request_id));
}

/** A second for each of the last ones up to the newest. Those without traffic are zero. */
export function evenSeconds(seconds: readonly Second[], count: number): readonly Second[] {
  const last = seconds.at(-1);
  if (last === undefined) return [];
  const known = new Map(seconds.map((second) => [second.atMs, second]));
  const firstMs = Math.max(last.atMs - (count - 1) * 1000, seconds[0]?.atMs ?? last.atMs);
  const all: Second[] = [];
  for (let atMs = firstMs; atMs <= last.atMs; atMs += 1000) {
    all.push(known.get(atMs) ?? withPercentiles(emptySecond(atMs), all));
  }
  return all;
}

/** As `evenSeconds`, without the newest one, which still runs: a line would always fall at its end. */
export function endedSeconds(seconds: readonly Second[], count: number): readonly Second[] {
  return evenSeconds(seconds, count + 1).slice(0, -1);
}

function secondOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000) * 1000;
}

function emptySecond(atMs: number): Second {
  return { atMs, requests: 0, failures: 0, tokens: 0, durations: [], firstTokens: [], p50: null, p95: null };
}

function secondFrom(atMs: number, rows: readonly RequestRow[]): Second {
  return {
    ...emptySecond(atMs),
    requests: rows.length,
    failures: rows.filter(({ ending }) => isFailure(ending)).length,
    tokens: rows.reduce((sum, row) => sum + (row.total_tokens ?? 0), 0),
    durations: durationsOf(rows),
    firstTokens: firstTokensOf(rows),
  };
}

function sumOf(one: Second, other: Second): Second {
  return {
    ...other,
    requests: one.requests + other.requests,
    failures: one.failures + other.failures,
    tokens: one.tokens + other.tokens,
    durations: [...one.durations, ...other.durations],
    firstTokens: [...one.firstTokens, ...other.firstTokens],
  };
}

function isFailure(ending: RequestRow['ending']): boolean {
  return ending !== 'complete' && ending !== 'client-left';
}

function durationsOf(rows: readonly RequestRow[]): readonly number[] {
  return rows.filter(isAnswered).map((row) => row.duration_ms);
}

function firstTokensOf(rows: readonly RequestRow[]): readonly number[] {
  return rows.filter(isAnswered).flatMap(({ time_to_first_token_ms: ms }) => (ms === null ? [] : [ms]));
}

/** Whether the client got what it asked for. The speed of errors would mislead. */
export function isAnswered({ ending, status }: Pick<RequestRow, 'ending' | 'status'>): boolean {
  return ending === 'complete' && status < 400;
}

/** The median and the 95th percentile of numbers in any order; null without any. */
export function percentilesOf(values: readonly number[]): {
  readonly p50: number | null;
  readonly p95: number | null;
} {
  const sorted = values.toSorted((one, other) => one - other);
  return { p50: rankOf(sorted, 0.5), p95: rankOf(sorted, 0.95) };
}

function withPercentiles(second: Second, earlier: readonly Second[]): Second {
  const window = [...second.durations];
  for (let at = earlier.length - 1; at >= 0; at--) {
    const one = earlier[at];
    if (one === undefined || one.atMs <= second.atMs - WINDOW_MS) break;
    window.push(...one.durations);
  }
  return { ...second, ...percentilesOf(window) };
}

function rankOf(sorted: readonly number[], share: number): number | null {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? null;
}
