import type { SQL } from 'bun';
import { QUARTER_MS } from './quarter.ts';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The steps of stored sums in milliseconds. Each one is a whole number of the one before, and begins with one in UTC. */
export const SUM_STEPS_MS = [HOUR_MS, 4 * HOUR_MS, DAY_MS, 8 * DAY_MS] as const;
export const LONGEST_MS = 8 * DAY_MS;

/** A span of time in milliseconds since 1970, of whole quarters of an hour; `untilMs` is exclusive. */
export interface QuarterSpan {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Stored sums of one length that follow each other: quarters, or one of the steps. */
export interface SumRange extends QuarterSpan {
  readonly stepMs: number;
  /** -1: they are subtracted. */
  readonly sign: 1 | -1;
}

/** The steps that have an up-to-date sum. */
export interface Summed {
  readonly has: (stepMs: number, fromMs: number) => boolean;
}

/** Reads the steps that have an up-to-date sum and touch the days of a span. */
export async function readSummed(sql: SQL, { sinceMs, untilMs }: QuarterSpan): Promise<Summed> {
  const rows: { from_ms: number | string; step_s: number }[] =
    await sql`select from_ms, step_s from spend_summed
    where from_ms >= ${floor(sinceMs, LONGEST_MS)} and from_ms < ${ceil(untilMs, DAY_MS)}`;
  const known = new Set(rows.map(({ from_ms, step_s }) => `${step_s * 1000} ${Number(from_ms)}`));
  return { has: (stepMs, fromMs) => known.has(`${stepMs} ${fromMs}`) };
}

export type SumTable = 'spend_quarters' | 'spend_sums';

/** The table of a range and a condition that selects its rows, without values. */
export function placeOf({ stepMs, sinceMs, untilMs }: SumRange): {
  readonly table: SumTable;
  readonly where: string;
} {
  if (stepMs === QUARTER_MS)
    return { table: 'spend_quarters', where: `quarter_ms >= ${sinceMs} and quarter_ms < ${untilMs}` };
  const where = `step_s = ${stepMs / 1000} and from_ms >= ${sinceMs} and from_ms < ${untilMs}`;
  return { table: 'spend_sums', where };
}

/** The stored sums that add up to a span. */
export interface Cover {
  /** The parts before the first and after the last whole day in UTC. They belong together if some are subtracted. */
  readonly edges: readonly SumRange[];
  readonly days: readonly SumRange[];
}

/** Finds few stored sums that add up to a span, whatever its time zone: days in UTC, and shorter steps at both ends. */
export function coverOf({ sinceMs, untilMs }: QuarterSpan, summed: Summed): Cover {
  const firstDay = ceil(sinceMs, DAY_MS);
  const lastDay = floor(untilMs, DAY_MS);
  if (firstDay >= lastDay) return { edges: walk({ sinceMs, untilMs }, summed), days: [] };
  const edges = [
    ...walk({ sinceMs, untilMs: firstDay }, summed),
    ...walk({ sinceMs: lastDay, untilMs }, summed),
  ];
  return { edges, days: joined(daysOf({ sinceMs: firstDay, untilMs: lastDay }, summed)) };
}

/** Joins ranges that follow each other. */
function joined(ranges: Iterable<SumRange>): SumRange[] {
  const all: SumRange[] = [];
  for (const range of ranges) {
    const last = all.at(-1);
    if (
      last !== undefined &&
      last.stepMs === range.stepMs &&
      last.sign === range.sign &&
      last.untilMs === range.sinceMs
    )
      all[all.length - 1] = { ...last, untilMs: range.untilMs };
    else all.push(range);
  }
  return all;
}

function* daysOf({ sinceMs, untilMs }: QuarterSpan, summed: Summed): Generator<SumRange> {
  let at = sinceMs;
  while (at < untilMs) {
    const stepMs = [LONGEST_MS, DAY_MS].find(
      (step) => at % step === 0 && at + step <= untilMs && summed.has(step, at),
    );
    const next = at + (stepMs ?? DAY_MS);
    if (stepMs === undefined) yield* walk({ sinceMs: at, untilMs: next }, summed);
    else yield { stepMs, sinceMs: at, untilMs: next, sign: 1 };
    at = next;
  }
}

/** How a moment is reached: from `fromAt`, with a sum of `step` quarters. */
interface Arrival {
  readonly fromAt: number;
  readonly step: number;
}

const STEPS = [1, ...SUM_STEPS_MS.filter((step) => step <= DAY_MS).map((step) => step / QUARTER_MS)];

/** The shortest way from the start of a span of up to two days to its end, forwards and backwards (a search in breadth). */
function walk({ sinceMs, untilMs }: QuarterSpan, summed: Summed): SumRange[] {
  const base = floor(sinceMs, DAY_MS);
  const most = (ceil(untilMs, DAY_MS) - base) / QUARTER_MS;
  const start = (sinceMs - base) / QUARTER_MS;
  const end = (untilMs - base) / QUARTER_MS;
  const arrivals = new Map<number, Arrival>([[start, { fromAt: start, step: 0 }]]);
  const has = (step: number, at: number): boolean =>
    step === 1 || summed.has(step * QUARTER_MS, base + at * QUARTER_MS);
  for (const at of arrivals.keys()) {
    if (at === end) break;
    for (const step of STEPS) {
      if (at % step !== 0) continue;
      if (at + step <= most && !arrivals.has(at + step) && has(step, at))
        arrivals.set(at + step, { fromAt: at, step });
      if (at - step >= 0 && !arrivals.has(at - step) && has(step, at - step))
        arrivals.set(at - step, { fromAt: at, step });
    }
  }
  return joined(wayBack(arrivals, end).map((range) => shifted(range, base)));
}

/** The ranges of the way to a moment in quarters, in the order of time. */
function wayBack(arrivals: ReadonlyMap<number, Arrival>, end: number): SumRange[] {
  const ranges: SumRange[] = [];
  let at = end;
  for (;;) {
    const arrival = arrivals.get(at);
    if (arrival === undefined || arrival.step === 0) break;
    const { fromAt, step } = arrival;
    const [sinceMs, untilMs] = fromAt < at ? [fromAt, at] : [at, fromAt];
    ranges.push({ stepMs: step, sinceMs, untilMs, sign: fromAt < at ? 1 : -1 });
    at = fromAt;
  }
  return ranges.sort((one, other) => one.sinceMs - other.sinceMs);
}

/** A range in quarters as one in milliseconds. */
function shifted({ stepMs, sinceMs, untilMs, sign }: SumRange, base: number): SumRange {
  return {
    stepMs: stepMs * QUARTER_MS,
    sinceMs: base + sinceMs * QUARTER_MS,
    untilMs: base + untilMs * QUARTER_MS,
    sign,
  };
}

export function floor(atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs;
}

function ceil(atMs: number, stepMs: number): number {
  return Math.ceil(atMs / stepMs) * stepMs;
}
