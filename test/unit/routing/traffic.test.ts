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
  expect(traffic.latencyMs('a')).toBeUndefined();
  traffic.measured('a', 100);
  expect(traffic.latencyMs('a')).toBe(100);
  expect(traffic.latencyMs('b')).toBeUndefined();
});

test('later answers move the latency a fifth of the way, so that a single slow one does not decide', () => {
  const traffic = new TrafficLedger();
  traffic.measured('a', 100);
  traffic.measured('a', 600);
  expect(traffic.latencyMs('a')).toBe(200);
  for (let n = 0; n < 40; n++) traffic.measured('a', 600);
  expect(traffic.latencyMs('a')).toBeGreaterThan(595);
});

test('the routes measured longest ago are forgotten, so that client-made names do not pile up', () => {
  const traffic = new TrafficLedger();
  for (let n = 0; n < 10_000; n++) traffic.measured(`route-${n}`, 1);
  traffic.measured('route-0', 1);
  traffic.measured('one more', 1);
  expect(traffic.latencyMs('route-0')).toBe(1);
  expect(traffic.latencyMs('route-1')).toBeUndefined();
  expect(traffic.latencyMs('route-2')).toBe(1);
});
