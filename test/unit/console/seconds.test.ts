import { expect, test } from 'bun:test';
import {
  endedBefore,
  endedSeconds,
  evenSeconds,
  type Second,
  withEarlier,
  withTick,
} from '../../../console/src/api/seconds.ts';
import type { RequestRow, Tick } from '../../../console/src/api/types.ts';

const ended = (time: string, durationMs: number, ending: RequestRow['ending'] = 'complete'): RequestRow => ({
  request_id: `req_${time}_${durationMs}`,
  time,
  key: null,
  model: 'fast',
  provider: 'openai',
  attempts: 1,
  ending,
  status: ending === 'complete' ? 200 : 502,
  total_tokens: 5,
  is_streamed: false,
  time_to_first_token_ms: null,
  duration_ms: durationMs,
  cost: null,
});

function tick(at: string, rows: readonly RequestRow[]): Tick {
  return {
    at,
    seconds: 0.25,
    requests: rows.length,
    failures: rows.filter(({ ending }) => ending !== 'complete').length,
    in_flight: 0,
    prompt_tokens: 1,
    completion_tokens: 2,
    cost: '0',
    latency_ms: { p50: null, p95: null },
    ended: rows,
    more: 0,
  };
}

const at = (second: number, part = '000'): string =>
  `2026-11-29T12:00:${String(second).padStart(2, '0')}.${part}Z`;

test('percentiles are those of the last ten seconds, not of one quarter of a second', () => {
  let seconds: readonly Second[] = [];
  seconds = withTick(seconds, tick(at(1), [ended(at(1), 100)]));
  seconds = withTick(
    seconds,
    tick(at(1, '250'), [ended(at(1, '250'), 900), ended(at(1, '250'), 7, 'failed')]),
  );
  expect(seconds).toMatchObject([{ requests: 3, failures: 1, tokens: 6, p50: 100, p95: 900 }]);
  seconds = withTick(seconds, tick(at(4), [ended(at(4), 1)]));
  expect(seconds.at(-1)).toMatchObject({ requests: 1, p50: 100, p95: 900 });
  seconds = withTick(seconds, tick(at(12), []));
  expect(seconds.at(-1)).toMatchObject({ requests: 0, p50: 1, p95: 1 });
});

test('requests that ended before the stream began come before its seconds', () => {
  const live = withTick([], tick(at(20), [ended(at(20), 10)]));
  const all = withEarlier(live, [ended(at(18), 50, 'refused'), ended(at(15), 30)]);
  expect(all.map(({ requests, failures, p50 }) => [requests, failures, p50])).toEqual([
    [1, 0, 30],
    [1, 1, 30],
    [1, 0, 10],
  ]);
});

test('the second in which the stream began has the requests from before it, too, and none twice', () => {
  const told = ended(at(20, '600'), 90);
  const later = ended(at(21), 80);
  const live = [tick(at(20, '700'), [told]), tick(at(21), [later])].reduce(withTick, [] as readonly Second[]);
  const stored = [later, told, ended(at(20, '300'), 60), ended(at(20, '100'), 50), ended(at(19), 70)];
  const all = withEarlier(live, endedBefore(at(20, '650'), stored, [later, told]));
  expect(all.map(({ requests }) => requests)).toEqual([1, 3, 1]);
  expect(all.at(-1)).toMatchObject({ p50: 70, p95: 90 });
});

test('a second without traffic is zero, and keeps the percentiles of its window', () => {
  const seconds = [tick(at(1), [ended(at(1), 40)]), tick(at(4), [])].reduce(
    withTick,
    [] as readonly Second[],
  );
  expect(evenSeconds(seconds, 120).map(({ requests, p50 }) => [requests, p50])).toEqual([
    [1, 40],
    [0, 40],
    [0, 40],
    [0, 40],
  ]);
  expect(evenSeconds(seconds, 2)).toHaveLength(2);
});

test('the line of the last seconds leaves out the one that still runs, and keeps those without traffic', () => {
  const seconds = [1, 2, 4, 5].reduce(
    (before, second) => withTick(before, tick(at(second), [ended(at(second), 40)])),
    [] as readonly Second[],
  );
  expect(endedSeconds(seconds, 60).map(({ requests }) => requests)).toEqual([1, 1, 0, 1]);
  expect(endedSeconds(seconds, 2).map(({ requests }) => requests)).toEqual([0, 1]);
});
