import { expect, test } from 'bun:test';
import { TrafficLedger } from '../../../src/routing/traffic.ts';

test('requests in flight are counted up and down, and never below none', () => {
  const traffic = new TrafficLedger();
  expect(traffic.inFlight('a')).toBe(0);
  traffic.begin('a');
  traffic.begin('a');
  traffic.begin('b');
  expect([traffic.inFlight('a'), traffic.inFlight('b')]).toEqual([2, 1]);
  traffic.end('a');
  expect(traffic.inFlight('a')).toBe(1);
  traffic.end('a');
  traffic.end('a');
  expect(traffic.inFlight('a')).toBe(0);
  traffic.begin('a');
  expect(traffic.inFlight('a')).toBe(1);
});

test('a latency is unknown before the first answer, and is that of the first at first', () => {
  const traffic = new TrafficLedger();
  expect(traffic.latencyMs('a', 0)).toBeUndefined();
  traffic.measured('a', 100, 0);
  expect(traffic.latencyMs('a', 0)).toBe(100);
  expect(traffic.latencyMs('b', 0)).toBeUndefined();
});

test('later answers move the latency a fifth of the way, so that a single slow one does not decide', () => {
  const traffic = new TrafficLedger();
  traffic.measured('a', 100, 0);
  traffic.measured('a', 600, 0);
  expect(traffic.latencyMs('a', 0)).toBe(200);
  for (let n = 0; n < 40; n++) traffic.measured('a', 600, 0);
  expect(traffic.latencyMs('a', 0)).toBeGreaterThan(595);
});

test('the routes measured longest ago are forgotten, so that client-made names do not pile up', () => {
  const traffic = new TrafficLedger();
  for (let n = 0; n < 10_000; n++) traffic.measured(`route-${n}`, 1, 0);
  traffic.measured('route-0', 1, 0);
  traffic.measured('one more', 1, 0);
  expect(traffic.latencyMs('route-0', 0)).toBe(1);
  expect(traffic.latencyMs('route-1', 0)).toBeUndefined();
  expect(traffic.latencyMs('route-2', 0)).toBe(1);
});

test('a latency fades, so that a route that was slow once is tried again some day', () => {
  const traffic = new TrafficLedger();
  traffic.measured('a', 800, 0);
  expect(traffic.latencyMs('a', 10_000)).toBe(400);
  expect(traffic.latencyMs('a', 30_000)).toBe(100);
  traffic.measured('a', 600, 30_000);
  expect(traffic.latencyMs('a', 30_000)).toBe(200);
});

test('the average for people does not fade, so that a route that rests does not look fast', () => {
  const traffic = new TrafficLedger();
  expect(traffic.averageMs('a')).toBeUndefined();
  traffic.measured('a', 400, 0);
  traffic.measured('a', 400, 60_000);
  expect(traffic.latencyMs('a', 60_000)).toBeLessThan(100);
  expect(traffic.averageMs('a')).toBe(400);
  traffic.measured('a', 900, 60_000);
  expect(traffic.averageMs('a')).toBe(500);
});
