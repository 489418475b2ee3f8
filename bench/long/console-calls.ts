const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The calls of the console's pages that read what grows with the traffic, below `/admin/v1`. */
export function consoleCalls(nowMs: number, requestId: string): readonly string[] {
  const since = (ms: number): string => encodeURIComponent(new Date(nowMs - ms).toISOString());
  const spans = [15 * MINUTE_MS, 60 * MINUTE_MS, 6 * 60 * MINUTE_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS];
  return [
    ...spans.map((span) => `/overview?window=${span / 1000}`),
    ...spans.map((span) => `/series?since=${since(span)}`),
    ...['model', 'provider', 'key'].flatMap((group) =>
      spans.map((span) => `/series?since=${since(span)}&group_by=${group}`),
    ),
    `/series?since=${since(30 * DAY_MS)}&key=key-7`,
    ...REQUEST_FILTERS.map((filter) => `/requests?limit=100${filter}`),
    `/requests?limit=100&since=${since(60 * MINUTE_MS)}`,
    `/requests?limit=100&until=${since(20 * DAY_MS)}`,
    `/requests/${requestId}`,
    `/requests?limit=100&search=${requestId}`,
    `/requests?limit=100&search=${requestId.slice(0, 8)}`,
    ...spans
      .slice(1)
      .flatMap((span) =>
        ['model', 'key', 'team'].map(
          (group) => `/spend?since=${since(span)}&group_by=${span > DAY_MS ? 'day' : 'hour'},${group}`,
        ),
      ),
    '/spend/forecast',
    ...CONFIGURATION,
  ];
}

/** Some are rare, and some match nothing. */
const REQUEST_FILTERS = [
  '',
  '&model=model-3',
  '&provider=provider-3',
  '&key=key-7',
  '&team=team-3',
  '&model=model-3&provider=provider-3&key=key-7',
  '&model=no-such-model',
  '&ending=failed',
  '&ending=failed,refused,truncated,lost',
  '&ending=complete',
  '&ending=lost',
  '&ending=lost&key=key-7',
  '&status=502',
  '&status=5xx',
  '&status=418',
  '&has_fallback=true',
  '&min_duration_ms=9999999',
  '&min_cost=0.02',
  '&search=req_1000',
  '&search=nothing-has-this',
  '&end_user=person-77',
];

const CONFIGURATION = [
  '/provider-states',
  '/routes',
  '/models',
  '/providers',
  '/master-keys?limit=50',
  '/teams',
  '/users',
  '/limits',
  '/config/history',
  '/config/export',
  '/config/schema',
  '/accounts',
  '/sessions',
];
