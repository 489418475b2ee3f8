import { expect, test } from 'bun:test';
import { describeClaim } from '../../../src/config/describe-limit.ts';
import { snapshotOf } from './configuration.ts';

function described(limit: string): string {
  const { limits, owners } = snapshotOf(`allow_unauthenticated: true
providers: [{ name: a, api_base: "http://127.0.0.1" }]
limits: [${limit}]`);
  const [claim] = limits.all();
  if (claim === undefined) throw new Error('no claim');
  return describeClaim(claim, owners, 'kept here');
}

test.each([
  ['{ cost: 50, per: month }', '$50 a month (UTC, from the 1st), counted by this machine, kept here'],
  ['{ cost: 0.5, per: day }', '$0.50 a day (UTC), counted by this machine, kept here'],
  [
    '{ cost: 1234567.0025, per: week, week_starts: sunday, timezone: Asia/Tokyo }',
    '$1,234,567.0025 a week (Asia/Tokyo, from Sunday), counted by this machine, kept here',
  ],
  ['{ cost: 100, per: total }', '$100 in total, counted by this machine, kept here'],
  [
    '{ cost: 100, per: total, start: 2026-12-01 }',
    '$100 in total (from 2026-12-01T00:00:00Z), counted by this machine, kept here',
  ],
  [
    '{ tokens: 100k, per: minute }',
    '100,000 tokens a minute; up to 200,000 in the minute after a pause (burst)',
  ],
  [
    '{ tokens: 100k, per: minute, burst: 10k }',
    '100,000 tokens a minute; up to 110,000 in the minute after a pause (burst)',
  ],
  ['{ cost: 0.2, per: hour }', '$0.20 an hour; up to $0.40 in the hour after a pause (burst)'],
  ['{ requests: 0, per: second }', '0 requests a second'],
  ['{ requests: 1, per: day }', '1 request a day (UTC), counted by this machine, kept here'],
  ['{ concurrent: 8 }', '8 requests under way at a time, counted by this machine'],
  [
    '{ output_tokens: 5, per: day, models: [a, "b*"], hold: maximum, on_exceed: warn }',
    '5 output tokens a day (UTC), for a, b* only, never passed (hold: maximum), only warns, counted by this machine, kept here',
  ],
])('%s is said in plain words', (limit, words) => {
  expect(described(limit)).toBe(`the gateway: ${words}`);
});
