import { expect, test } from 'bun:test';
import { MergedMetrics } from '../../../src/telemetry/metrics/merged-metrics.ts';
import {
  type FamilyDump,
  HistogramFamily,
  NumberFamily,
} from '../../../src/telemetry/metrics/metric-family.ts';

/** A process that has served this many requests, has one in flight, and saw its provider in this state at that time. */
function dumpOf(served: number, health: number, atMs: number): FamilyDump[] {
  const total = new NumberFamily({ type: 'counter', name: 'total', help: '' });
  const active = new NumberFamily({ type: 'gauge', name: 'active', help: '' });
  const state = new NumberFamily({ type: 'gauge', name: 'health', help: '', merge: 'latest' });
  const seconds = new HistogramFamily({ name: 'seconds', help: '', bounds: [1] });
  total.series().value = served;
  active.series().value = 1;
  Object.assign(state.series(), { value: health, atMs });
  for (let n = 0; n < served; n++) seconds.series().observe(0.5);
  return [total, active, state, seconds].map((family) => family.dump());
}

function valueOf(metrics: MergedMetrics, name: string): number | undefined {
  return metrics.dump().find((family) => family.name === name)?.series[0]?.value;
}

test('counts of several processes are added up, and the latest report of a state wins', () => {
  const metrics = new MergedMetrics();
  metrics.note(1, dumpOf(3, 1, 20));
  metrics.note(2, dumpOf(4, 0, 10));
  expect(['total', 'active', 'health', 'seconds'].map((name) => valueOf(metrics, name))).toEqual([
    7, 2, 1, 3.5,
  ]);
});

test('a new report replaces the previous one', () => {
  const metrics = new MergedMetrics();
  metrics.note(1, dumpOf(3, 1, 1));
  metrics.note(1, dumpOf(5, 1, 1));
  expect(valueOf(metrics, 'total')).toBe(5);
});

test('counters do not fall when a process dies and another takes its place; its gauges are gone', () => {
  const metrics = new MergedMetrics();
  metrics.note(1, dumpOf(3, 1, 1));
  metrics.note(2, dumpOf(4, 0, 9));
  metrics.reclaim(2);
  expect(['total', 'active', 'health', 'seconds'].map((name) => valueOf(metrics, name))).toEqual([
    7, 1, 0, 3.5,
  ]);
  metrics.note(2, dumpOf(1, 1, 10));
  metrics.reclaim(2);
  metrics.note(2, dumpOf(1, 1, 11));
  expect(['total', 'active', 'health'].map((name) => valueOf(metrics, name))).toEqual([9, 2, 1]);
});
