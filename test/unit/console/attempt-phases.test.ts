import { expect, test } from 'bun:test';
import type { AttemptDetail } from '../../../console/src/api/types.ts';
import { endOf, phasesOf } from '../../../console/src/pages/requests/attempt-phases.ts';

const ATTEMPT: AttemptDetail = {
  provider: 'p',
  model: null,
  for_model: 'fast',
  reason: 'first',
  is_probe: false,
  outcome: 'answered',
  status: null,
  detail: null,
  retry_after_ms: null,
  start_ms: 10,
  connect_ms: 20,
  head_ms: 200,
  end_ms: 240,
};

function phases(more: Partial<AttemptDetail>, isStreamed: boolean, pausedFrom?: number): string[] {
  const timed = { duration_ms: 900, is_streamed: isStreamed };
  return phasesOf({ ...ATTEMPT, ...more }, timed, pausedFrom).map(
    ({ name, from, to }) => `${name} ${from}-${to}`,
  );
}

test('a stream connects, waits for its first byte and its first content, and goes on to the end of the request', () => {
  expect(phases({}, true)).toEqual(['connect 10-30', 'wait 30-200', 'content 200-240', 'stream 240-900']);
  expect(endOf(ATTEMPT, { duration_ms: 900, is_streamed: true })).toBe(900);
});

test('a whole answer and a failure have a body, and end before the request does', () => {
  expect(phases({ connect_ms: null }, false)).toEqual(['wait 10-200', 'body 200-240']);
  expect(phases({ outcome: 'failed', status: 500 }, true)).toEqual([
    'connect 10-30',
    'wait 30-200',
    'body 200-240',
  ]);
  expect(endOf({ ...ATTEMPT, outcome: 'failed' }, { duration_ms: 900, is_streamed: true })).toBe(240);
});

test('an attempt without a reply is one wait, also where an older record lacks its steps', () => {
  expect(phases({ outcome: 'timed-out', connect_ms: null, head_ms: null }, false)).toEqual(['wait 10-240']);
  const { connect_ms: _, head_ms: __, ...older } = ATTEMPT;
  expect(phasesOf(older, { duration_ms: 900, is_streamed: false }, undefined)).toEqual([
    { name: 'wait', from: 10, to: 240 },
  ]);
});

test('the pause before a retry is a phase of its own, unlike the moment in which the gateway chooses', () => {
  expect(phases({ start_ms: 100, connect_ms: null }, false, 40)[0]).toBe('pause 40-100');
  expect(phases({ connect_ms: null }, false, 9)[0]).toBe('wait 10-200');
});
