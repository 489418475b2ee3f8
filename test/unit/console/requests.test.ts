import { expect, test } from 'bun:test';
import type { RequestRow } from '../../../console/src/api/types.ts';
import { storeLanguage } from '../../../console/src/lib/language.ts';
import { passes, queryOf } from '../../../console/src/pages/requests/filters.ts';
import { ENDINGS } from '../../../console/src/api/endings.ts';
import { REASONS, whyNoAttempts } from '../../../console/src/pages/requests/reasons.ts';
import { curlOf } from '../../../console/src/pages/requests/curl.ts';
import { daysBetween, type SpendRow, stacksOf } from '../../../console/src/pages/usage/spend.ts';
import { ENDINGS as ENDINGS_OF_THE_API } from '../../../src/admin/request-query.ts';
import { OWN_USE_REFUSALS } from '../../../src/gateway/own-use-refusals.ts';
import { REFUSALS } from '../../../src/gateway/refusal-table.ts';

const row: RequestRow = {
  request_id: 'req_1',
  time: '2026-11-29T12:00:00Z',
  key: 'app',
  model: 'fast',
  provider: 'openai',
  attempts: 2,
  has_fallback: true,
  ending: 'failed',
  status: 502,
  total_tokens: 10,
  is_streamed: false,
  time_to_first_token_ms: null,
  duration_ms: 1200,
  cost: '0.020000000',
};

test('a live request passes the filters that a stored one would pass', () => {
  const fits = [
    { model: 'fast', provider: 'openai', key: 'app' },
    { status: '5xx', ending: 'failed,refused', has_fallback: 'true' },
    { min_duration_ms: '1000', min_cost: '0.02', search: 'OPEN' },
  ];
  const others = [
    { model: 'other' },
    { status: '502', ending: 'complete' },
    { status: '4xx' },
    { min_duration_ms: '1300' },
    { min_cost: '0.03' },
    { search: 'nothing' },
    { until: '2026-11-01T00:00:00Z' },
  ];
  for (const filter of fits)
    expect({ filter, passes: passes(row, filter) }).toEqual({ filter, passes: true });
  for (const filter of others)
    expect({ filter, passes: passes(row, filter) }).toEqual({ filter, passes: false });
});

test('a request without attempts reached no provider, unless the gateway failed or ended meanwhile', () => {
  storeLanguage('en');
  const t = ((text: string) => text) as Parameters<typeof whyNoAttempts>[1];
  const why = (ending: RequestRow['ending'], code: string | null, basis = 'not-billed'): string =>
    whyNoAttempts({ ending, code, cost_basis: basis }, t);
  expect(why('refused', 'model_not_found')).toStartWith('No provider was asked.');
  expect(why('complete', null, 'cache')).toContain('response cache');
  for (const unknown of [why('refused', 'internal_error'), why('lost', null)]) {
    expect(unknown).toContain('unknown');
    expect(unknown).not.toContain('No provider');
  }
});

test('a range becomes a time to look back to', () => {
  const { since, model } = queryOf({ range: '1h', model: 'fast' }, Date.parse('2026-11-29T12:00:00Z'));
  expect({ since, model }).toEqual({ since: '2026-11-29T11:00:00.000Z', model: 'fast' });
});

test('a command keeps a quote in a name inside of its own quotes', () => {
  const detail = { ...row, model: "it's" } as Parameters<typeof curlOf>[0];
  expect(curlOf(detail, 'http://localhost:8080/v1')).toContain(String.raw`"model":"it'\''s"`);
});

test('the largest groups are stacked, and the others are one', () => {
  const spend = (model: string, cost: number): SpendRow =>
    ({
      period: '2026-11-29',
      model,
      requests: 1,
      input_tokens: 0,
      output_tokens: 0,
      cost: String(cost),
    }) as never;
  const rows = Array.from({ length: 10 }, (_, at) => spend(`model-${at}`, at));
  const { stacks } = stacksOf(rows, { by: 'model', measure: 'cost', other: 'others' });
  expect(stacks.map(({ group }) => group)).toEqual([
    'model-9',
    'model-8',
    'model-7',
    'model-6',
    'model-5',
    'model-4',
    'model-3',
    'others',
  ]);
  expect(stacks.at(-1)?.values).toEqual([0 + 1 + 2]);
});

test('every day between two moments is there, over the change of the clock, too', () => {
  expect(daysBetween('2026-10-23T15:00:00', '2026-10-27T01:00:00')).toEqual([
    '2026-10-23',
    '2026-10-24',
    '2026-10-25',
    '2026-10-26',
    '2026-10-27',
  ]);
  expect(daysBetween('2026-11-29T10:00:00', '2026-11-29T11:00:00')).toEqual(['2026-11-29']);
  const stacks = stacksOf([], { by: 'model', measure: 'cost', other: '', periods: ['2026-11-29'] });
  expect(stacks).toEqual({ periods: ['2026-11-29'], stacks: [] });
});

test('every ending has a mark, and every error code of a recorded request its reason', () => {
  expect(Object.keys(ENDINGS).toSorted()).toEqual([...ENDINGS_OF_THE_API].toSorted());
  // These refuse questions about the gateway, and other pages in the browser.
  const unrecorded = new Set([
    'invalid_metrics_token',
    'foreign_origin',
    'foreign_host',
    ...Object.keys(OWN_USE_REFUSALS),
  ]);
  const codes = Object.keys(REFUSALS).filter((code) => !unrecorded.has(code));
  expect(Object.keys(REASONS).toSorted()).toEqual(codes.toSorted());
});
