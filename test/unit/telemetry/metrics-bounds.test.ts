import { expect, test } from 'bun:test';
import { MOST_SERIES, NumberFamily } from '../../../src/telemetry/metrics/metric-family.ts';

test('a metric stops at its bound, and what comes later is still counted', () => {
  const family = new NumberFamily({ type: 'counter', name: 'x', help: 'X.', labelNames: ['a', 'b'] });
  for (let index = 0; index < MOST_SERIES * 2; index++) family.series(String(index), 'b').value += 1;
  const { series } = family.dump();
  expect(series).toHaveLength(MOST_SERIES + 1);
  expect(series.at(-1)).toEqual({ labels: ['other', 'other'], value: MOST_SERIES, counts: [], atMs: 0 });
  expect(series.reduce((sum, { value }) => sum + value, 0)).toBe(MOST_SERIES * 2);
});

test('a gauge forgets what is no longer configured', () => {
  const family = new NumberFamily({ type: 'gauge', name: 'x', help: 'X.', labelNames: ['provider'] });
  family.series('old').value = 1;
  family.series('new').value = 2;
  family.retain(([provider]) => provider === 'new');
  expect(family.dump().series.map(({ labels }) => labels)).toEqual([['new']]);
});
