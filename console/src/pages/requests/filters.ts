import type { Query } from '../../api/client.ts';
import type { RequestRow } from '../../api/types.ts';
import { RANGES } from '../../lib/ranges.ts';
import type { Params } from '../../lib/params.ts';

/** The filters that the page's address holds, under the names of the Admin API. */
export const FILTERS = [
  'search',
  'model',
  'provider',
  'key',
  'team',
  'status',
  'ending',
  'min_duration_ms',
  'min_cost',
  'has_fallback',
  'since',
  'until',
] as const;

/** The query for the Admin API. A range counts back from `nowMs`. */
export function queryOf(params: Params, nowMs: number): Query {
  const range = RANGES.find(({ id }) => id === params['range']);
  return {
    ...Object.fromEntries(FILTERS.map((name) => [name, params[name]])),
    ...(range && { since: new Date(nowMs - range.seconds * 1000).toISOString() }),
  };
}

/** The change of the address that removes every filter. */
export const withoutFilters: Params = Object.fromEntries([...FILTERS, 'range'].map((name) => [name, '']));

export function hasFilter(params: Params): boolean {
  return FILTERS.some((name) => params[name] !== undefined) || params['range'] !== undefined;
}

/** Whether a request of the live stream passes the filters. */
export function passes(row: RequestRow, params: Params): boolean {
  const same = (['model', 'provider', 'key', 'team'] as const).every(
    (name) => params[name] === undefined || row[name] === params[name],
  );
  return (
    same &&
    statusFits(row.status, params['status']) &&
    (params['ending'] === undefined || params['ending'].split(',').includes(row.ending)) &&
    row.duration_ms >= Number(params['min_duration_ms'] ?? 0) &&
    Number(row.cost ?? 0) >= Number(params['min_cost'] ?? 0) &&
    (params['has_fallback'] === undefined || row.has_fallback === true) &&
    params['until'] === undefined &&
    contains(row, params['search'])
  );
}

function statusFits(status: number, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  return wanted.endsWith('xx') ? String(status).startsWith(wanted.slice(0, 1)) : String(status) === wanted;
}

function contains(row: RequestRow, search: string | undefined): boolean {
  if (search === undefined) return true;
  const text = search.toLowerCase();
  return [row.request_id, row.model, row.provider, row.key].some((part) =>
    part?.toLowerCase().includes(text),
  );
}
