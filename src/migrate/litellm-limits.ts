import type { JsonObject } from '../store/revision.ts';
import { asObject, asText, type Report } from './litellm-values.ts';

/**
 * LiteLLM's `budget_duration`. Its windows begin when a key is made; ours follow the calendar. Durations without a
 * counterpart are not rounded, since a budget would become another one.
 */
const PERIODS = new Map([
  ['1s', 'second'],
  ['60s', 'minute'],
  ['1m', 'minute'],
  ['60m', 'hour'],
  ['1h', 'hour'],
  ['24h', 'day'],
  ['1d', 'day'],
  ['7d', 'week'],
  ['1w', 'week'],
  ['30d', 'month'],
  ['1mo', 'month'],
]);

/**
 * The limits of a key, team or user of LiteLLM (`max_budget`, `soft_budget`, `model_max_budget`, `tpm_limit`,
 * `rpm_limit`, `max_parallel_requests`), also where they stand in its `litellm_budget_table`.
 */
export function readLimits(entity: JsonObject, report: Report): JsonObject[] {
  const shared = asObject(entity['litellm_budget_table']);
  const numberOf = (name: string): number | undefined => numberIn(entity[name] ?? shared[name]);
  const duration = asText(entity['budget_duration'] ?? shared['budget_duration']);
  const limits: JsonObject[] = [];
  const per = periodOf(duration, 'budget_duration', report);
  const [hard, soft] = (['max_budget', 'soft_budget'] as const).map((name) =>
    possible(numberOf(name), name, report),
  );
  if (per !== undefined && hard !== undefined) limits.push({ cost: hard, per });
  if (per !== undefined && soft !== undefined) limits.push({ cost: soft, per, on_exceed: 'warn' });
  const [tokens, requests] = [numberOf('tpm_limit'), numberOf('rpm_limit')];
  if (tokens !== undefined) limits.push({ tokens, per: 'minute' });
  if (requests !== undefined) limits.push({ requests, per: 'minute' });
  const concurrent = numberOf('max_parallel_requests');
  if (concurrent !== undefined) limits.push({ concurrent });
  limits.push(...readModelLimits(entity, shared, report));
  return limits;
}

/** Budgets of single models: `{"gpt-4": {"budget_limit": 5, "time_period": "1d"}}`. */
function readModelLimits(entity: JsonObject, shared: JsonObject, report: Report): JsonObject[] {
  const limits: JsonObject[] = [];
  const budgets = Object.entries({
    ...asObject(shared['model_max_budget']),
    ...asObject(entity['model_max_budget']),
  });
  for (const [model, given] of budgets) {
    const path = `model_max_budget.${model}`;
    const {
      budget_limit: limit,
      max_budget: older,
      time_period: time,
      budget_duration: olderTime,
    } = asObject(given);
    const cost = possible(numberIn(limit ?? older ?? given), path, report);
    const per = periodOf(asText(time ?? olderTime), path, report);
    if (cost !== undefined && per !== undefined) limits.push({ cost, per, models: [model] });
  }
  const metadata = asObject(entity['metadata']);
  for (const [name, kind] of [
    ['model_tpm_limit', 'tokens'],
    ['model_rpm_limit', 'requests'],
  ] as const) {
    for (const [model, given] of Object.entries(asObject(entity[name] ?? metadata[name]))) {
      const amount = numberIn(given);
      if (amount !== undefined) limits.push({ [kind]: amount, per: 'minute', models: [model] });
    }
  }
  return limits;
}

/** undefined: the duration has no counterpart, and was reported. */
function periodOf(duration: string | undefined, path: string, report: Report): string | undefined {
  if (duration === undefined) return 'total';
  const period = PERIODS.get(duration.trim());
  if (period === undefined)
    report(path, `there is no period like "${duration}" here, so the budget is left out`);
  return period;
}

/** Beyond this, an amount of money is not exact. Such a budget was meant to be none. */
const MOST_DOLLARS = 9_000_000;

function possible(dollars: number | undefined, path: string, report: Report): number | undefined {
  if (dollars === undefined || dollars <= MOST_DOLLARS) return dollars;
  report(path, `is more than ${MOST_DOLLARS}, the largest budget here; it is left out`);
  return undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
