import { expect, test } from 'bun:test';
import { grouped, joined, KEPT_FEED } from '../../../console/src/api/feed-groups.ts';
import type { FeedEntry } from '../../../console/src/api/types.ts';

const event = (second: number, kind: string, model: string | null = 'fast'): FeedEntry => ({
  at: new Date(Date.UTC(2026, 10, 29, 12, 0, second)).toISOString(),
  kind,
  provider: null,
  model,
  key: null,
  route: null,
  request_id: `req_${kind}_${second}`,
  version: null,
  seconds: null,
  detail: null,
});

const view = (groups: ReturnType<typeof grouped>): (string | number | boolean | null)[][] =>
  groups.map(({ entry, times, hasMore }) => [entry.kind, entry.model, times, hasMore]);

const cutsAt = (fallback: number, failed: number): ReadonlyMap<string, string> =>
  new Map([
    ['fallback', event(fallback, '').at],
    ['failed', event(failed, '').at],
  ]);

test('events that say the same within a minute become one, also where others lie between them', () => {
  const entries = [
    event(200, 'fallback'),
    event(150, 'failed'),
    event(145, 'fallback'),
    event(40, 'fallback'),
  ];
  expect(view(grouped({ entries, cutAt: new Map() }))).toEqual([
    ['fallback', 'fast', 2, false],
    ['failed', 'fast', 1, false],
    ['fallback', 'fast', 1, false],
  ]);
});

test('a group that reaches the time before which events of its kind are left out may have more', () => {
  const entries = [
    event(500, 'fallback', 'slow'),
    event(499, 'failed'),
    event(200, 'fallback'),
    event(170, 'fallback', 'other'),
    event(165, 'fallback'),
    // A fallback that failed is known for longer than other failures.
    event(20, 'failed'),
  ];
  expect(view(grouped({ entries, cutAt: cutsAt(165, 480) }))).toEqual([
    ['fallback', 'slow', 1, false],
    ['failed', 'fast', 1, true],
    ['fallback', 'fast', 2, true],
    ['fallback', 'other', 1, true],
    ['failed', 'fast', 1, true],
  ]);
});

test('stored events follow what the live stream told, unless it told more than the page keeps', () => {
  const earlier = {
    entries: [event(10, 'fallback'), event(9, 'fallback')],
    cutAt: new Map<string, string>(),
  };
  const told = [event(11, 'fallback'), event(10, 'fallback')];
  expect(view(grouped(joined(told, earlier)))).toEqual([['fallback', 'fast', 3, false]]);
  const many = Array.from({ length: KEPT_FEED }, (_, at) => event(KEPT_FEED + 10 - at, 'fallback'));
  expect(view(grouped(joined(many, earlier)))).toEqual([['fallback', 'fast', KEPT_FEED, true]]);
});
