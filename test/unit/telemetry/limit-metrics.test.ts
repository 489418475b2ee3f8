import { expect, test } from 'bun:test';
import { noLimits } from '../../../src/config/compiled-limits.ts';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import type { Claim } from '../../../src/limits/claim.ts';
import { countersAlone } from '../../../src/limits/claim-counters.ts';
import { countLimits, readLimits } from '../../../src/telemetry/metrics/limit-metrics.ts';
import { createMetricTable, dumpTable } from '../../../src/telemetry/metrics/metric-table.ts';
import { claim } from '../limits/claims.ts';

const clock = { nowMs: () => 1_000, epochMs: () => Date.UTC(2026, 10, 29) };
const AT = { nowMs: clock.nowMs(), epochMs: clock.epochMs() };

/** The values of a metric by its labels. */
function values(table: ReturnType<typeof createMetricTable>, name: string): Record<string, number> {
  const family = dumpTable(table).find((family) => family.name === name);
  return Object.fromEntries((family?.series ?? []).map(({ labels, value }) => [labels.join(' '), value]));
}

function snapshotWith(claims: readonly Claim[]) {
  return () => ({ limits: { ...noLimits(), isEmpty: false, all: () => claims } });
}

test('limits tell what is used and held, and unknown ones nothing', () => {
  const [used, unknown] = [claim({ amount: 1_000 }), claim({ kind: 'requests', amount: 9 })];
  const limits = countersAlone(new BucketLedger());
  void limits.seed(used, AT);
  const taking = limits.take(used, 400, AT);
  limits.take(used, 100, AT);
  if (taking.kind === 'taken') limits.settle(taking.hold, 250, AT);
  const table = createMetricTable();
  readLimits(table, { snapshot: snapshotWith([used, unknown]), clock, limits });
  expect(values(table, 'llm_proxy_limit_used_ratio')).toEqual({ 'key app cost/month': 0.25 });
  expect(values(table, 'llm_proxy_limit_held_ratio')).toEqual({ 'key app cost/month': 0.1 });
  expect(values(table, 'llm_proxy_limit_refused_total')).toEqual({
    'key app cost/month': 0,
    'key app requests/month': 0,
  });
  expect(values(table, 'llm_proxy_overspend_usd_total')).toEqual({ 'key app': 0 });
  readLimits(table, { snapshot: snapshotWith([]), clock, limits });
  expect(values(table, 'llm_proxy_limit_used_ratio')).toEqual({});
});

test('what becomes of holds is counted, and the names of end users are not told', () => {
  const table = createMetricTable();
  const requestId = 'req_1';
  countLimits(
    { type: 'limit-refused', requestId, scope: 'end_user', name: 'alice', limitId: 'cost/day' },
    table,
  );
  countLimits(
    { type: 'limit-refused', requestId, scope: 'end_user', name: 'bob', limitId: 'cost/day' },
    table,
  );
  countLimits({ type: 'hold-grown', requestId }, table);
  countLimits({ type: 'holds-lost', count: 3 }, table);
  const overspent = [{ scope: 'team', name: 'search', limitId: 'cost/month', nano: 2_500_000_000 }] as const;
  countLimits({ type: 'holds-settled', requestId, usedOfHeld: 0.5, overspent }, table);
  expect(values(table, 'llm_proxy_limit_refused_total')).toEqual({ 'end_user  cost/day': 2 });
  expect(values(table, 'llm_proxy_hold_grown_total')).toEqual({ '': 1 });
  expect(values(table, 'llm_proxy_holds_lost_total')).toEqual({ '': 3 });
  expect(values(table, 'llm_proxy_overspend_usd_total')).toEqual({ 'team search': 2.5 });
  expect(values(table, 'llm_proxy_hold_error_ratio')).toEqual({ '': 0.5 });
});

test('a hundred thousand limits are not all read at each scrape', () => {
  let read = 0;
  const limits = { standing: () => void read++ };
  const claims = Array.from({ length: 100_000 }, (_, index) => claim({ name: `key ${index}` }));
  readLimits(createMetricTable(), { snapshot: snapshotWith(claims), clock, limits });
  expect(read).toBeLessThanOrEqual(5_000);
});
