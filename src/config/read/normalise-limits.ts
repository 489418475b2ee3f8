import type { LimitKind, Weekday } from '../../limits/claim.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import type { LimitFile } from '../schema/limit-schema.ts';
import { LIMIT_KINDS, type PERIODS } from '../schema/limit-words.ts';
import { nanoOf } from './normalise-prices.ts';
import { formatPath, type Finding, type Path } from './problems.ts';

/** One limit in the units of the program, whose zone and start are not resolved yet. */
export interface LimitSettings {
  readonly at: Path;
  readonly id: string;
  readonly kind: LimitKind;
  /** Nano-dollars for `cost`. */
  readonly amount: number;
  /** undefined: `concurrent`. */
  readonly per: (typeof PERIODS)[number] | undefined;
  readonly burst: number | undefined;
  readonly models: readonly string[] | undefined;
  readonly timezone: string | undefined;
  readonly weekStarts: Weekday;
  /** A date, or a moment with its zone, as it is written. */
  readonly start: string | undefined;
  readonly hold: 'expected' | 'maximum' | undefined;
  readonly isSoft: boolean;
  readonly alertAt: readonly number[];
  readonly countsCached: boolean;
}

type Report = (finding: Finding) => void;

/** Reads a list of limits. Reports limits that contradict themselves or each other, and leaves out the former. */
export function normaliseLimits(
  list: readonly LimitFile[] | null | undefined,
  at: Path,
  report: Report,
): LimitSettings[] {
  if (!list) return NONE;
  const limits = list.flatMap((limit, index) => normaliseLimit(limit, [...at, index], report) ?? []);
  const first = new Map<string, Path>();
  for (const { id, at } of limits) {
    const other = first.get(id);
    if (other === undefined) first.set(id, at);
    else
      report({
        path: at,
        part: 'key',
        message: `has the same id "${id}" as ${formatPath(other)}: give one of them an id of its own, such as id: ${id}-2`,
      });
  }
  return limits;
}

const NONE: LimitSettings[] = [];

function normaliseLimit(limit: LimitFile, at: Path, report: Report): LimitSettings | undefined {
  const kind = kindOf(limit, at, report);
  if (kind === undefined) return undefined;
  for (const fault of faultsOf(limit, kind)) report({ ...fault, path: [...at, ...fault.path] });
  const { id, models, timezone, start, hold } = limit;
  return {
    at,
    id: id ?? idOf(kind, limit),
    kind,
    ...sizeOf(limit, kind, { at, report }),
    per: kind === 'concurrent' ? undefined : (limit.per ?? 'total'),
    models: models ?? undefined,
    timezone: timezone ?? undefined,
    weekStarts: limit.week_starts ?? 'monday',
    start: start ?? undefined,
    hold: hold ?? undefined,
    isSoft: limit.on_exceed === 'warn',
    alertAt: alertsOf(limit, kind),
    countsCached: limit.count_cached ?? true,
  };
}

/** The one thing that the limit counts. */
function kindOf(limit: LimitFile, at: Path, report: Report): LimitKind | undefined {
  const given = LIMIT_KINDS.filter((kind) => isSet(limit[kind]));
  const [kind] = given;
  if (given.length === 1) return kind;
  const message =
    given.length === 0
      ? `says no amount; write one of ${LIMIT_KINDS.join(', ')}`
      : `says ${given.join(' and ')}; a limit counts one of them, so write one limit for each`;
  report({ path: at, message });
  return undefined;
}

function sizeOf(
  limit: LimitFile,
  kind: LimitKind,
  { at, report }: { readonly at: Path; readonly report: Report },
): Pick<LimitSettings, 'amount' | 'burst'> {
  const amount = amountOf(limit[kind] ?? 0, kind);
  if (amount === undefined) report({ path: [...at, kind], message: AMOUNT_FAULT[unitOf(kind)] });
  if (!isSet(limit.burst)) return { amount: amount ?? 0, burst: undefined };
  const burst = amountOf(limit.burst, kind);
  if (burst === undefined) report({ path: [...at, 'burst'], message: AMOUNT_FAULT[unitOf(kind)] });
  if (burst === 0 && amount !== 0)
    report({ path: [...at, 'burst'], message: 'must be more than 0, since nothing fits into a burst of 0' });
  return { amount: amount ?? 0, burst };
}

function isSet<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** `cost/month`, with a part for its models and one if it only warns. */
function idOf(kind: LimitKind, { per, models, on_exceed: action }: LimitFile): string {
  const period = kind === 'concurrent' ? '' : `/${per ?? ''}`;
  const filter = models ? `/${hashOf(models)}` : '';
  return `${kind}${period}${filter}${action === 'warn' ? '/warn' : ''}`;
}

function hashOf(models: readonly string[]): string {
  const text = JSON.stringify([...new Set(models)].toSorted());
  return sha256Hex(text).slice(0, 8);
}

/** The contradictions within one limit; paths are relative to it. */
function faultsOf(limit: LimitFile, kind: LimitKind): Finding[] {
  const { per } = limit;
  const isBucket = per === 'second' || per === 'minute' || per === 'hour';
  const isCalendar = per === 'day' || per === 'week' || per === 'month';
  const isDated = isCalendar || (per === 'total' && isSet(limit.start));
  const findings: Finding[] = [];
  const refuse = (setting: keyof LimitFile, message: string, isWrong: boolean): void => {
    if (isSet(limit[setting]) && isWrong) findings.push({ path: [setting], part: 'key', message });
  };
  if (kind === 'concurrent')
    refuse('per', 'is not for concurrent, which counts requests under way; leave it out', true);
  else if (!isSet(per)) findings.push({ path: [], message: SAY_PER });
  refuse('burst', 'is only for periods under a day: second, minute or hour', !isBucket);
  refuse('timezone', 'is only for day, week and month, and for total with a start', !isDated);
  refuse('week_starts', 'is only for per: week', per !== 'week');
  refuse('start', 'is only for per: total', per !== 'total');
  refuse('hold', 'is only for limits on cost or tokens', !isEstimated(kind));
  refuse('count_cached', 'is only for limits on tokens or input_tokens', !hasInput(kind));
  return findings;
}

const SAY_PER = 'say per: month, day, … or total';

/** Whether the use of a request is unknown in advance. */
function isEstimated(kind: LimitKind): boolean {
  return kind !== 'requests' && kind !== 'concurrent';
}

function hasInput(kind: LimitKind): boolean {
  return kind === 'tokens' || kind === 'input_tokens';
}

type Unit = 'dollars' | 'tokens' | 'count';

function unitOf(kind: LimitKind): Unit {
  if (kind === 'cost') return 'dollars';
  return isEstimated(kind) ? 'tokens' : 'count';
}

const MOST: Readonly<Record<Unit, number>> = { dollars: 9e15, tokens: 1e15, count: 1e9 };

const AMOUNT_FAULT: Readonly<Record<Unit, string>> = {
  dollars: 'must be an amount in dollars of at most 9000000, such as 50 or 0.25',
  tokens: 'must be a whole number of tokens of at most 1e15, such as 400k',
  count: 'must be a whole number of at most 1000000000, such as 60',
};

const SUFFIX = { k: 1e3, M: 1e6 } as const;

/** The amount in the unit of the program; undefined: it is not one of this kind. */
function amountOf(given: number | string, kind: LimitKind): number | undefined {
  const text = String(given).replaceAll('_', '');
  const suffix = text.endsWith('k') ? 'k' : text.endsWith('M') ? 'M' : undefined;
  const digits = suffix === undefined ? given : text.slice(0, -1);
  const plain = typeof digits === 'string' ? digits.replaceAll('_', '') : digits;
  const factor = suffix === undefined ? 1 : SUFFIX[suffix];
  const unit = unitOf(kind);
  const amount = unit === 'dollars' ? nanoOf(plain) * factor : roundedOf(Number(plain) * factor);
  return amount <= MOST[unit] && Number.isSafeInteger(amount) ? amount : undefined;
}

/** `1.1M` is whole, although the product of the doubles is not. */
function roundedOf(amount: number): number {
  const whole = Math.round(amount);
  return Math.abs(amount - whole) < 1e-6 ? whole : amount;
}

const MONEY_ALERTS: readonly number[] = [50, 80, 95, 100];
const WARNING_ALERTS: readonly number[] = [100];
const NO_ALERTS: readonly number[] = [];

function alertsOf({ alert_at: given, on_exceed: action }: LimitFile, kind: LimitKind): readonly number[] {
  if (given) return [...new Set(given)].toSorted((a, b) => a - b);
  if (kind === 'cost') return MONEY_ALERTS;
  return action === 'warn' ? WARNING_ALERTS : NO_ALERTS;
}
