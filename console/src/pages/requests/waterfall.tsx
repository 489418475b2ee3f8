import type { TFunction } from 'i18next';
import { Ban } from 'lucide-react';
import { type CSSProperties, Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AttemptDetail, AttemptOutcome, RequestDetail, SkippedRoute } from '../../api/types.ts';
import { duration, roundMarks } from '../../lib/format.ts';
import { endOf, type Phase, type PhaseName, phasesOf } from './attempt-phases.ts';
import { whyNoAttempts } from './reasons.ts';

/** How a request went over its time: its attempts, why each was made, and which routes were skipped. */
export function Waterfall({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const { attempts_detail: attempts, duration_ms: total, skipped = [] } = request;
  if (attempts.length === 0 && skipped.length === 0)
    return <p className="muted">{whyNoAttempts(request, t)}</p>;
  const skippedBefore = (number: number): readonly SkippedRoute[] =>
    skipped.filter(({ before_attempt: before }) => before === number);
  const phases = attempts.map((attempt, at) =>
    phasesOf(attempt, request, attempts[at - 1]?.end_ms ?? undefined),
  );
  const marks = roundMarks(Math.max(total, 1));
  return (
    <div className="waterfall" style={{ '--mark': shareOf(marks[1] ?? total, total) } as CSSProperties}>
      <div className="axis num" aria-hidden>
        {marks.map((ms) => (
          <span
            key={ms}
            className={ms > total * 0.95 ? 'is-at-end' : ''}
            style={{ left: shareOf(ms, total) }}
          >
            {duration(ms)}
          </span>
        ))}
      </div>
      <ol className="waterfall">
        <Admission request={request} />
        {attempts.map((attempt, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- attempts are in order
          <Fragment key={at}>
            <Skipped routes={skippedBefore(at + 1)} />
            <Attempt number={at + 1} attempt={attempt} phases={phases[at] ?? []} request={request} />
          </Fragment>
        ))}
        <Skipped routes={skippedBefore(attempts.length + 1)} />
      </ol>
      <Legend names={new Set(phases.flat().map(({ name }) => name))} />
    </div>
  );
}

/** The time before the first attempt: reading the request, its limits, waiting for room. */
function Admission({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const { admitted_ms: admitted, attempts_detail: attempts, duration_ms: total } = request;
  const until = attempts[0]?.start_ms ?? admitted;
  if (until === null || until === undefined) return null;
  return (
    <li className="admission">
      <span className="row">
        <span className="muted">{t('In the gateway, before the first attempt')}</span>
        <span className="num small">{until < 1 ? '<1 ms' : duration(until)}</span>
      </span>
      <span className="attempt-line is-thin">
        <Bar look="is-idle" from={0} to={until} total={total} />
      </span>
      {admitted !== null && admitted !== undefined && admitted > 0 && (
        <span className="small muted">
          {t('{{text}} to receive the request and to check its key and limits', { text: duration(admitted) })}
        </span>
      )}
    </li>
  );
}

function Skipped({ routes }: { routes: readonly SkippedRoute[] }): ReactNode {
  const { t } = useTranslation();
  return routes.map((route) => (
    <li key={`${route.provider} ${route.model} ${route.for_model}`} className="skipped small">
      <Ban aria-hidden />
      <span className="truncate">
        <span className="strong">{route.provider}</span>
        {route.model !== null && <span className="muted"> / {route.model}</span>}
      </span>
      <span className="muted">
        {t('skipped')}: {whySkipped(route, t)}
      </span>
    </li>
  ));
}

const LOOKS: Readonly<Record<AttemptOutcome, string>> = {
  answered: 'is-good',
  rejected: 'is-warning',
  'rate-limited': 'is-warning',
  failed: '',
  unreachable: '',
  'timed-out': '',
  unsuitable: 'is-idle',
  cancelled: 'is-idle',
};

interface AttemptProps {
  readonly number: number;
  readonly attempt: AttemptDetail;
  readonly phases: readonly Phase[];
  readonly request: RequestDetail;
}

function Attempt({ number, attempt, phases, request }: AttemptProps): ReactNode {
  const { t } = useTranslation();
  const { provider, model, outcome, status, start_ms: start } = attempt;
  const end = endOf(attempt, request);
  const detail = [status, attempt.detail].filter((part) => part !== null).join(' · ');
  const look = outcome === 'answered' ? 'is-green' : 'is-red';
  const drawn = phases.length > 0 ? phases : [{ name: 'wait', from: start, to: end } as const];
  return (
    <li className="attempt">
      <span className="row">
        <span className="truncate">
          <span className="muted num">{number}.</span> <span className="strong">{provider}</span>
          {model !== null && <span className="muted"> / {model}</span>}
        </span>
        <span className="num small">{duration(end - start)}</span>
      </span>
      <span className="attempt-line">
        {drawn.map(({ name, from, to }) => (
          <Bar
            key={name}
            look={`is-${name} ${LOOKS[outcome]}`}
            from={from}
            to={to}
            total={request.duration_ms}
            title={`${phaseText(name, t)}: ${duration(to - from)}`}
          />
        ))}
      </span>
      {phases.length > 0 && (
        <span className="small muted num">
          {phases.map(({ name, from, to }) => `${phaseText(name, t)} ${duration(to - from)}`).join(' · ')}
        </span>
      )}
      <span className="row small">
        <span className="muted">{whyTried(attempt, t)}</span>
        <span className={detail.length > 24 ? look : `${look} nowrap`}>
          {outcomeText(outcome, t)}
          {detail !== '' && ` · ${detail}`}
        </span>
      </span>
    </li>
  );
}

interface BarProps {
  readonly look: string;
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly title?: string;
}

function Bar({ look, from, to, total, title }: BarProps): ReactNode {
  return (
    <span
      className={`attempt-bar ${look}`}
      style={{ left: shareOf(from, total), width: shareOf(to - from, total) }}
      title={title}
    />
  );
}

function shareOf(ms: number, total: number): string {
  return `${Math.max(0, Math.min(100, (ms / Math.max(total, 1)) * 100))}%`;
}

const PHASES: readonly PhaseName[] = ['pause', 'connect', 'wait', 'content', 'body', 'stream'];

function Legend({ names }: { names: ReadonlySet<PhaseName> }): ReactNode {
  const { t } = useTranslation();
  if (names.size < 2) return null;
  return (
    <ul className="phases small muted">
      {PHASES.filter((name) => names.has(name)).map((name) => (
        <li key={name}>
          <span className={`swatch is-good is-${name}`} aria-hidden />
          {phaseText(name, t)}
        </li>
      ))}
    </ul>
  );
}

function phaseText(name: PhaseName, t: TFunction): string {
  return {
    pause: t('pause before it'),
    connect: t('connect'),
    wait: t('first byte'),
    content: t('first content'),
    body: t('reply body'),
    stream: t('stream'),
  }[name];
}

function whySkipped({ why, for_ms: rest }: SkippedRoute, t: TFunction): string {
  return {
    cooling:
      rest === null
        ? t('it was cooling')
        : t('it was cooling for another {{text}}', { text: duration(rest) }),
    probing: t('another request was trying it after its cooldown'),
    draining: t('an operator had drained it'),
  }[why];
}

function whyTried({ reason, for_model: model, is_probe: isProbe }: AttemptDetail, t: TFunction): string {
  const why = {
    first: t('the first choice among the available routes'),
    retry: t('the same route again, since the failure could pass'),
    'fallback-route': t('the next route of the same model'),
    'fallback-model': t('a route of the fallback model {{model}}', { model: model ?? '' }),
    'last-resort': t('every route was cooling; this one for the shortest time'),
  }[reason];
  return isProbe ? `${why} · ${t('on trial after a cooldown')}` : why;
}

function outcomeText(outcome: AttemptOutcome, t: TFunction): string {
  return {
    answered: t('answered'),
    rejected: t('rejected the request'),
    'rate-limited': t('is at its limit'),
    failed: t('failed'),
    unreachable: t('could not be reached'),
    'timed-out': t('took too long'),
    unsuitable: t('cannot serve this request'),
    cancelled: t('cancelled'),
  }[outcome];
}
