import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AttemptDetail, AttemptOutcome, RequestDetail } from '../../api/types.ts';
import { duration } from '../../lib/format.ts';
import { Empty } from '../../ui/states.tsx';

/** The attempts of a request over its time, and why each was made. */
export function Waterfall({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const { attempts_detail: attempts, duration_ms: total } = request;
  if (attempts.length === 0) {
    return <Empty title={t('No provider was asked')} text={t('The gateway refused the request itself.')} />;
  }
  return (
    <div className="waterfall">
      <div className="axis num" aria-hidden>
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{duration(total < 10 ? total * share : Math.round(total * share))}</span>
        ))}
      </div>
      <ol className="waterfall">
        {attempts.map((attempt, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- attempts are in order
          <Attempt key={at} number={at + 1} attempt={attempt} request={request} />
        ))}
      </ol>
    </div>
  );
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
  readonly request: RequestDetail;
}

function Attempt({ number, attempt, request }: AttemptProps): ReactNode {
  const { t } = useTranslation();
  const { provider, model, outcome, status, start_ms: start } = attempt;
  const end = attempt.end_ms ?? request.duration_ms;
  const first = request.time_to_first_token_ms;
  const isSplit = outcome === 'answered' && first !== null && first > start && first < end;
  const detail = [status, attempt.detail].filter((part) => part !== null).join(' · ');
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
        {isSplit && <Bar look="is-wait" from={start} to={first} total={request.duration_ms} />}
        <Bar look={LOOKS[outcome]} from={isSplit ? first : start} to={end} total={request.duration_ms} />
      </span>
      <span className="row small">
        <span className="muted">{whyTried(attempt, t)}</span>
        <span className={outcome === 'answered' ? 'is-green' : 'is-red'}>
          {outcomeText(outcome, t)}
          {detail !== '' && ` · ${detail}`}
          {isSplit && ` · ${t('first token after {{text}}', { text: duration(first - start) })}`}
        </span>
      </span>
    </li>
  );
}

function Bar({
  look,
  from,
  to,
  total,
}: {
  look: string;
  from: number;
  to: number;
  total: number;
}): ReactNode {
  const percent = (ms: number): string => `${Math.min(100, (ms / Math.max(total, 1)) * 100)}%`;
  return (
    <span className={`attempt-bar ${look}`} style={{ left: percent(from), width: percent(to - from) }} />
  );
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
