import { expect, test } from 'bun:test';
import type { RequestRow } from '../../../console/src/api/types.ts';
import { withLive } from '../../../console/src/pages/requests/with-live.ts';

const rows = (...seconds: number[]): RequestRow[] =>
  seconds.map(
    (second) => ({ request_id: `req_${second}`, time: `2026-11-30T12:00:${second}.000Z` }) as RequestRow,
  );

test('requests of the live stream stand in their place among stored ones, and older ones are left to a later page', () => {
  const stored = rows(40, 38, 36);
  expect(withLive(stored, rows(50, 45, 12, 11))).toEqual(rows(50, 45, 40, 38, 36));
  expect(withLive(stored, rows(50, 39, 37, 12))).toEqual(rows(50, 40, 39, 38, 37, 36));
  expect(withLive([], rows(50, 45))).toEqual(rows(50, 45));
  expect(withLive(stored, [])).toEqual(stored);
});
