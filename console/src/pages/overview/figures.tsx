import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useLive } from '../../api/live.ts';
import { endedSeconds, percentilesOf, type Second } from '../../api/seconds.ts';
import type { Overview, Percentiles } from '../../api/types.ts';
import { changeOf, compact, count, duration, money, NONE, percent } from '../../lib/format.ts';
import { Sparkline } from '../../ui/sparkline.tsx';
import { useLiveGateways } from './use-live-gateways.ts';

const LINE_SECONDS = 60;

interface FiguresProps {
  readonly overview: Overview;
  readonly isLive: boolean;
  /** The id of the span of time; that of the shortest one while it is live. */
  readonly range: string;
}

/** The numbers at the top. */
export function Figures({ overview, isLive, range }: FiguresProps): ReactNode {
  const { t } = useTranslation();
  const seconds = useLive((live) => live.seconds);
  const inFlight = useLive((live) => live.inFlight) ?? overview.in_flight;
  const isOneOfMany = (useLiveGateways() ?? 1) > 1;
  // Until there are some seconds of it. The window adds up all gateways, and the stream has one of them.
  const recent = isLive ? (lastMinute(seconds) ?? (isOneOfMany ? NOTHING_YET : undefined)) : undefined;
  // The gateway rounds its rate to thousandths.
  const rate = recent ? recent.requestsPerSecond : overview.requests / overview.window_seconds;
  const errors = recent ? recent.errorRate : overview.requests === 0 ? undefined : overview.error_rate;
  const latency = recent?.latency ?? overview.latency_ms;
  const first = recent?.firstToken ?? overview.time_to_first_token_ms;
  const tokens = recent ? recent.tokensPerSecond : overview.tokens_per_second;
  const line = endedSeconds(seconds, LINE_SECONDS);
  return (
    <div className="figures">
      <Figure
        label={t('Requests per second')}
        value={compact(rate)}
        about={
          isLive
            ? t('{{count}} in flight', { count: inFlight })
            : t('{{text}} total', { text: compact(overview.requests) })
        }
        line={isLive ? line.map(({ requests }) => requests) : undefined}
      />
      <Figure
        label={t('Error rate')}
        value={percent(errors)}
        look={(errors ?? 0) >= 0.05 ? 'bad' : (errors ?? 0) >= 0.01 ? 'warning' : undefined}
        about={
          <Link href={`/requests?ending=failed,refused,truncated,lost&range=${range}`}>
            {failuresText(overview, isLive, t)}
          </Link>
        }
      />
      <Figure
        label={t('Latency')}
        value={duration(latency.p50)}
        about={t('median · p95 {{text}}', { text: duration(latency.p95) })}
      />
      <Figure
        label={t('First token')}
        value={duration(first.p50)}
        about={t('median · p95 {{text}}', { text: duration(first.p95) })}
      />
      <Figure
        label={t('Tokens per second')}
        value={compact(tokens)}
        about={t('prompt and answer')}
        line={isLive ? line.map(({ tokens }) => tokens) : undefined}
      />
      <Spend overview={overview} />
    </div>
  );
}

/** The rate beside it is of the last minute in live mode, and the number is of a longer time, which it has to name. */
function failuresText(
  { failures, window_seconds: seconds }: Overview,
  isLive: boolean,
  t: TFunction,
): string {
  const options = { count: failures, text: count(failures), minutes: Math.round(seconds / 60) };
  return isLive ? t('{{text}} failures in {{minutes}} min', options) : t('{{text}} failures', options);
}

function Spend({ overview }: { overview: Overview }): ReactNode {
  const { t } = useTranslation();
  const { cost_today: today, cost_yesterday_same_time: then, unpriced_requests_today: unpriced } = overview;
  if (unpriced > 0) {
    const text = compact(unpriced);
    // An amount would say that these cost nothing.
    return (
      <Figure
        label={t('Spent today')}
        title={t('{{text}} requests without a known price', { count: unpriced, text })}
        value={Number(today ?? 0) === 0 ? NONE : money(today)}
        about={<Link href="/providers">{t('{{text}} without a price', { text })}</Link>}
      />
    );
  }
  const change = changeOf(Number(today ?? 0), Number(then ?? 0));
  return (
    <Figure
      label={t('Spent today')}
      title={change === undefined ? undefined : t('Compared with yesterday at this time')}
      value={money(today)}
      about={
        change === undefined
          ? t('yesterday {{text}}', { text: money(overview.cost_yesterday) })
          : t('{{change}} vs. yesterday', { change })
      }
    />
  );
}

/** Fewer would be a block instead of a line. */
const LEAST_POINTS = 8;

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly about: ReactNode;
  /** Says more about `about` when hovered. */
  readonly title?: string | undefined;
  readonly look?: 'bad' | 'warning' | undefined;
  readonly line?: readonly number[] | undefined;
}

function Figure({ label, value, about, title, look, line }: FigureProps): ReactNode {
  const color = look === 'bad' ? 'is-red' : look === 'warning' ? 'is-amber' : '';
  return (
    <div className="figure">
      <h2>{label}</h2>
      <p className={`figure-value num ${value === NONE ? 'muted' : color}`}>{value}</p>
      <p className="small muted truncate" title={title}>
        {about}
      </p>
      {line !== undefined && line.length >= LEAST_POINTS && (
        <div className="figure-line">
          <Sparkline values={line} height={32} />
        </div>
      )}
    </div>
  );
}

interface Recent {
  readonly requestsPerSecond: number | undefined;
  readonly errorRate: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly latency: Percentiles;
  readonly firstToken: Percentiles;
}

const NOTHING_YET: Recent = {
  requestsPerSecond: undefined,
  errorRate: undefined,
  tokensPerSecond: undefined,
  latency: { p50: null, p95: null },
  firstToken: { p50: null, p95: null },
};

/** Undefined until there are some seconds to average. */
function lastMinute(seconds: readonly Second[]): Recent | undefined {
  const first = seconds.at(-60) ?? seconds[0];
  const last = seconds.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < 2000) return undefined;
  const part = seconds.filter(({ atMs }) => atMs > last.atMs - 60_000);
  const span = (last.atMs - (part[0]?.atMs ?? last.atMs)) / 1000 + 1;
  const sum = (of: (second: Second) => number): number => part.reduce((all, second) => all + of(second), 0);
  const requests = sum((second) => second.requests);
  return {
    requestsPerSecond: requests / span,
    errorRate: requests === 0 ? 0 : sum(({ failures }) => failures) / requests,
    tokensPerSecond: sum(({ tokens }) => tokens) / span,
    latency: percentilesOf(part.flatMap(({ durations }) => durations)),
    firstToken: percentilesOf(part.flatMap(({ firstTokens }) => firstTokens)),
  };
}
