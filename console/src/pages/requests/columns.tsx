import { Repeat2, Waves } from 'lucide-react';
import type { TFunction } from 'i18next';
import { isAnswered } from '../../api/seconds.ts';
import type { RequestRow } from '../../api/types.ts';
import { compact, count, duration, NONE } from '../../lib/format.ts';
import type { Column } from '../../ui/sort-header.tsx';
import { EndingMark } from '../../ui/state-badge.tsx';
import { Money, When } from '../../ui/values.tsx';

/** The columns of the table of requests. */
export function requestColumns(t: TFunction): readonly Column<RequestRow>[] {
  return [...names(t), ...numbers(t)];
}

function names(t: TFunction): readonly Column<RequestRow>[] {
  return [
    { id: 'time', title: t('Time'), cell: ({ time }) => <When time={time} /> },
    {
      id: 'ending',
      title: t('Result'),
      cell: ({ ending, status, code }) => (
        <span className="row tight nowrap">
          <EndingMark ending={ending} status={status} />
          {(ending !== 'complete' || status >= 400) && status > 0 && (
            <span className="num muted is-minor">{status}</span>
          )}
          {code && (
            <span className="small muted truncate is-minor error-code" title={code}>
              {code}
            </span>
          )}
        </span>
      ),
    },
    { id: 'model', title: t('Model'), className: 'truncate', cell: ({ model }) => <Name text={model} /> },
    {
      id: 'provider',
      isMinor: true,
      title: t('Provider'),
      className: 'truncate',
      cell: ({ provider, has_fallback: hasFallback, attempts }) => (
        <span className="row tight nowrap">
          <Name text={provider} />
          {(hasFallback ?? attempts > 1) && (
            <span className="badge is-warning" title={t('{{count}} attempts', { count: attempts })}>
              <Repeat2 aria-hidden />
              {count(attempts)}
            </span>
          )}
        </span>
      ),
    },
    {
      id: 'key',
      isMinor: true,
      title: t('Key'),
      className: 'truncate',
      cell: ({ key }) => <Name text={key} />,
    },
    {
      id: 'team',
      isMinor: true,
      title: t('Team'),
      className: 'truncate',
      cell: ({ team }) => <Name text={team} />,
    },
  ];
}

function numbers(t: TFunction): readonly Column<RequestRow>[] {
  return [
    {
      id: 'tokens',
      isMinor: true,
      title: t('Tokens'),
      isNumber: true,
      cell: ({ total_tokens: tokens }) => <span title={count(tokens)}>{compact(tokens)}</span>,
    },
    {
      id: 'first',
      isMinor: true,
      title: t('First token'),
      isNumber: true,
      // An error has no tokens, and the time to its first byte would look like a fast answer.
      cell: (row) => (
        <span className="row tight nowrap is-end">
          {row.is_streamed && (
            <span title={t('streamed')} className="row">
              <Waves className="muted" aria-label={t('streamed')} />
            </span>
          )}
          {duration(isAnswered(row) ? row.time_to_first_token_ms : null)}
        </span>
      ),
    },
    { id: 'duration', title: t('Duration'), isNumber: true, cell: (row) => duration(row.duration_ms) },
    {
      id: 'cost',
      isMinor: true,
      title: t('Cost'),
      isNumber: true,
      cell: ({ cost }) => <Money value={cost} />,
    },
    {
      id: 'id',
      isMinor: true,
      title: t('Request id'),
      className: 'truncate',
      cell: (row) => <span className="mono muted">{row.request_id}</span>,
    },
  ];
}

function Name({ text }: { text: string | null | undefined }) {
  if (text === null || text === undefined) return <span className="muted">{NONE}</span>;
  return (
    <span className="truncate" title={text}>
      {text}
    </span>
  );
}
