import { expect, test } from 'bun:test';
import { type Activity, ActivityTap, addActivity, emptyActivity } from '../../../src/admin/live/activity.ts';
import { ended } from '../../database/store/request-records.ts';

function tapped(play: (tap: ActivityTap) => void): Activity | undefined {
  let told: Activity | undefined;
  const tap = new ActivityTap(
    (activity) => {
      told = activity;
    },
    () => 1_767_225_600_000,
  );
  play(tap);
  tap.flush();
  tap.stop();
  return told;
}

test('a moment in which nothing happened is not told', () => {
  expect(tapped(() => undefined)).toBeUndefined();
});

test('the newest requests are told one by one, the others as a number, and all of them in the sums', () => {
  const told = tapped((tap) => {
    for (let n = 0; n < 120; n++)
      tap.listen(ended({ requestId: `req_${n}`, ending: n < 20 ? 'failed' : 'complete' }));
  });
  expect([told?.ended.length, told?.more, told?.sums.requests, told?.sums.failures]).toEqual([
    50, 70, 120, 20,
  ]);
  expect(told?.ended.at(-1)?.requestId).toBe('req_119');
  // A failed request has no latency.
  expect(told?.sums.durations.reduce((all, one) => all + one, 0)).toBe(100);
  const both = emptyActivity();
  for (const one of [told, told]) if (one !== undefined) addActivity(both, one);
  expect([both.ended.length, both.more, both.sums.requests]).toEqual([50, 190, 240]);
});

test('a budget that refuses is news once in a moment for each key', () => {
  const refused = { ending: 'refused', status: 429, code: 'budget_exceeded' } as const;
  const told = tapped((tap) => {
    for (let n = 0; n < 10; n++) tap.listen(ended({ ...refused, keyName: n % 2 === 0 ? 'a' : 'b' }));
  });
  expect(told?.news.map(({ kind, key }) => `${kind} ${key}`)).toEqual(['budget a', 'budget b']);
});

test('a change of the configuration and a provider that fails its probe are news', () => {
  const told = tapped((tap) => {
    tap.listen({ type: 'configuration-accepted', version: 7, warnings: [] });
    tap.listen({ type: 'configuration-refused', problems: ['one', 'two'] });
    tap.listen({ type: 'provider-probed', provider: 'p', error: 'status 500', latencyMs: 1 });
    tap.listen({ type: 'provider-probed', provider: 'p', error: undefined, latencyMs: 1 });
  });
  expect(told?.news.map(({ kind, detail }) => [kind, detail])).toEqual([
    ['configuration', undefined],
    ['refused_change', 'one; two'],
    ['provider_error', 'status 500'],
  ]);
});
