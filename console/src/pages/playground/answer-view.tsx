import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { readRequest } from '../../api/queries.ts';
import { useSession } from '../../session/session.ts';
import { count, duration, money } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Notice } from '../../ui/states.tsx';
import type { Answer } from './conversation.ts';

/** An answer, and what it took. */
export function AnswerView({ answer }: { answer: Answer }): ReactNode {
  const { t } = useTranslation();
  const [hasEvents, setEvents] = useState(false);
  const { state, text, thought, calls, problem, events } = answer;
  return (
    <div className="answer">
      {state === 'waiting' && (
        <span className="waiting" role="status" aria-label={t('Waiting for the first token')} />
      )}
      {thought !== '' && (
        <details className="more small muted" open={text === ''}>
          <summary>{t('Reasoning')}</summary>
          <p className="words">{thought}</p>
        </details>
      )}
      {text !== '' && <p className="words">{text}</p>}
      {calls !== '' && <CodeBlock label={t('Tool calls')} text={calls} />}
      {problem !== undefined && (
        <Notice look="bad">
          <span className="grow">{problem}</span>
        </Notice>
      )}
      {state === 'stopped' && <p className="muted small">{t('Stopped.')}</p>}
      <Measures answer={answer} />
      {events.length > 0 && state !== 'streaming' && (
        <Button small look="quiet" aria-expanded={hasEvents} onClick={() => setEvents(!hasEvents)}>
          {t('{{count}} raw events', { count: events.length })}
        </Button>
      )}
      {hasEvents && <CodeBlock label={t('Raw events')} text={events.join('\n')} />}
    </div>
  );
}

function Measures({ answer }: { answer: Answer }): ReactNode {
  const { t } = useTranslation();
  const { firstTokenMs: first, durationMs, tokens, provider, trail, requestId } = answer;
  const streamingMs = first !== undefined && durationMs !== undefined ? durationMs - first : undefined;
  const rate =
    tokens !== undefined && streamingMs !== undefined && streamingMs > 20
      ? tokens / (streamingMs / 1000)
      : undefined;
  return (
    <>
      <p className="measures small muted num">
        {first !== undefined && (
          <span>
            {t('first token')} <b>{duration(first)}</b>
          </span>
        )}
        {durationMs !== undefined && (
          <span>
            {t('total')} <b>{duration(durationMs)}</b>
          </span>
        )}
        {tokens !== undefined && (
          <span>
            <b>{count(tokens)}</b> {t('tokens')}
            {rate !== undefined && t(', {{text}} per second', { text: count(rate) })}
          </span>
        )}
        <Cost answer={answer} />
        {provider !== undefined && (
          <span>
            {t('by')} <b>{provider}</b>
          </span>
        )}
        {requestId !== undefined && <Link href={`/requests?id=${requestId}`}>{t('Open the request')}</Link>}
      </p>
      {trail.length > 1 && (
        <ol className="trail small muted">
          {trail.map((step, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- a route may be tried twice
            <li key={at}>{step}</li>
          ))}
        </ol>
      )}
    </>
  );
}

/** A stream's header goes out before its cost is known; its record has it. */
function Cost({ answer }: { answer: Answer }): ReactNode {
  const { session } = useSession();
  const { cost, requestId, durationMs } = answer;
  // A record is written about a second after its request.
  const [isWritten, setWritten] = useState(false);
  useEffect(() => {
    if (durationMs === undefined) return undefined;
    const timer = setTimeout(() => setWritten(true), 2000);
    return () => clearTimeout(timer);
  }, [durationMs]);
  const record = useQuery({
    ...readRequest(requestId ?? ''),
    enabled: cost === undefined && requestId !== undefined && isWritten && session.role !== 'key',
  });
  const shown = cost ?? record.data?.cost;
  if (shown === undefined || shown === null) return null;
  return <b title={`$${shown}`}>{money(shown)}</b>;
}
