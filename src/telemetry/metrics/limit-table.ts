import { counter, gauge, histogram } from './metric-family.ts';

/** The used amount as a share of the held amount: 1 is a perfect estimate. */
const HOLD_RATIOS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 4, 8];

const LIMIT_LABELS = ['scope', 'name', 'limit'];

/** The metrics of limits, without counts. */
export function limitMetrics() {
  return {
    limitUsed: gauge(
      'llm_proxy_limit_used_ratio',
      'Share of a limit that is used in its present window, without limits of end users.',
      LIMIT_LABELS,
    ),
    limitHeld: gauge(
      'llm_proxy_limit_held_ratio',
      'Share of a limit that requests under way hold, without limits of end users.',
      LIMIT_LABELS,
    ),
    leased: gauge(
      'llm_proxy_leased_ratio',
      'Share of a limit that this gateway has leased and not used yet, with its reserve.',
      LIMIT_LABELS,
    ),
    limitRefused: counter(
      'llm_proxy_limit_refused_total',
      'Requests that did not fit in a limit. Those of end users are counted for all of them together.',
      LIMIT_LABELS,
    ),
    holdError: histogram(
      'llm_proxy_hold_error_ratio',
      'What requests used, divided by what they held: money if that is limited, else tokens.',
      [],
      HOLD_RATIOS,
    ),
    holdGrown: counter(
      'llm_proxy_hold_grown_total',
      'How often the holds of a streamed answer were doubled because it was longer than expected.',
      [],
    ),
    holdsLost: counter(
      'llm_proxy_holds_lost_total',
      'Holds of requests that were under way in a process that died, and are charged as if used.',
      [],
    ),
    overspend: counter(
      'llm_proxy_overspend_usd_total',
      'US dollars that requests have used over a budget because their estimates were too low.',
      ['scope', 'name'],
    ),
  };
}
