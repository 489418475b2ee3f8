import { expect, test } from 'bun:test';
import type { Results } from '../../../bench/report/results.ts';
import { workTables } from '../../../bench/report/tables.ts';
import { targetTable } from '../../../bench/report/targets.ts';

const NGINX = { cpuMicros: 20, perSecond: 30_000, faults: 0 };

test('a ratio is the median of runs that were made side by side', () => {
  const ours = [30, 80, 50].map((cpuMicros) => ({ ...NGINX, cpuMicros }));
  const theirs = [20, 30, 20].map((cpuMicros) => ({ ...NGINX, cpuMicros }));
  const results = measured({ 'llm-proxy': ours, nginx: theirs });
  expect(rowOf(results, 'Small chat, CPU')).toContain('| 2.50 × nginx | **missed**');
  expect(workTables(results)).toContain('| 50.0 (30.0–80.0) | 2.50 (1.50–2.67) |');
});

test('a target without a measurement is neither reached nor missed', () => {
  const portkey = [{ perSecond: 0, faults: 0 }];
  const results = measured({ 'llm-proxy': [NGINX], nginx: [NGINX], portkey });
  expect(rowOf(results, 'Small chat, requests')).toBe(
    '| Small chat, requests a second | ≥ 20 × portkey | not measured | |',
  );
  expect(rowOf(results, 'Memory at rest, checkout')).toContain('not measured');
});

test('a run on a machine that was not quiet says so at each target', () => {
  const results = measured({ 'llm-proxy': [NGINX], nginx: [NGINX] });
  expect(rowOf({ ...results, loadAtStart: 2 }, 'Small chat, CPU')).toEndWith('| reached (not quiet) |');
  expect(rowOf(results, 'Small chat, CPU')).toEndWith('| reached |');
});

function measured(
  runs: Readonly<Record<string, Results['works'][number]['contenders'][number]['runs']>>,
): Results {
  const contenders = Object.entries(runs).map(([peer, runs]) => ({ peer, runs }));
  return {
    startedAt: '2026-01-01T00:00:00.000Z',
    minutes: 1,
    machine: { cpu: 'a CPU', cores: 2, memoryGb: 4, kernel: '6', system: 'Linux' },
    loadAtStart: 0,
    settings: { rounds: 1, seconds: 1 },
    versions: {},
    absent: {},
    works: [{ name: 'small', title: 'Small chat', unit: 'request', contenders }],
  };
}

function rowOf(results: Results, title: string): string | undefined {
  return targetTable(results)
    .split('\n')
    .find((row) => row.startsWith(`| ${title}`));
}
