import { useQuery } from '@tanstack/react-query';
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { readRequest } from '../../api/queries.ts';
import { isAnswered } from '../../api/seconds.ts';
import type { AppliedPrices, RequestDetail } from '../../api/types.ts';
import { useSession } from '../../session/session.ts';
import { compact, count, duration, money, NONE } from '../../lib/format.ts';
import { sentences } from '../../lib/sentences.ts';
import { IconButton } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { CodeBlock, Copy } from '../../ui/copy.tsx';
import { Drawer } from '../../ui/dialog.tsx';
import { EndingMark } from '../../ui/state-badge.tsx';
import { Failed, Notice, SkeletonLines } from '../../ui/states.tsx';
import { Fact, Facts, Money, When } from '../../ui/values.tsx';
import { curlOf } from './curl.ts';
import { reasonOf } from './reasons.ts';
import { HeaderFields, RecordedBodies } from './recorded.tsx';
import { Waterfall } from './waterfall.tsx';

interface RequestDrawerProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly newer: string | undefined;
  readonly older: string | undefined;
  readonly onOpen: (id: string) => void;
}

/** One request: what was tried, what it used and what it cost. */
export function RequestDrawer({ id, onClose, newer, older, onOpen }: RequestDrawerProps): ReactNode {
  const { t } = useTranslation();
  const request = useQuery(readRequest(id));
  const step =
    (to: string | undefined): (() => void) =>
    () =>
      to !== undefined && onOpen(to);
  const actions = (
    <>
      <IconButton label={t('Newer')} icon={ArrowUp} disabled={newer === undefined} onClick={step(newer)} />
      <IconButton label={t('Older')} icon={ArrowDown} disabled={older === undefined} onClick={step(older)} />
    </>
  );
  const title = (
    <span className="row tight">
      <span className="mono truncate">{id}</span> <Copy text={id} />
    </span>
  );
  return (
    <Drawer open onClose={onClose} title={title} actions={actions}>
      {request.error ? (
        <Failed error={request.error} onRetry={() => void request.refetch()} />
      ) : request.data ? (
        <Details request={request.data} />
      ) : (
        <SkeletonLines />
      )}
    </Drawer>
  );
}

function Details({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const { model, provider, key } = request;
  const reason = reasonOf(request.code, t);
  return (
    <div className="stack">
      <div className="row">
        <EndingMark ending={request.ending} status={request.status} />
        <span className="num">{request.status}</span>
        {request.code && <code>{request.code}</code>}
        {request.endpoint && (
          <span className="mono muted">{`${request.method ?? 'POST'} ${request.endpoint}`}</span>
        )}
      </div>
      {reason !== undefined && (
        <Notice look="warning">
          <span>{reason}</span>
        </Notice>
      )}
      <Facts>
        <Fact label={t('Ended')}>
          <When time={request.time} />
        </Fact>
        <Fact label={t('Duration')}>{duration(request.duration_ms)}</Fact>
        <Fact label={t('First token')}>
          {duration(isAnswered(request) ? request.time_to_first_token_ms : null)}
        </Fact>
        <Fact label={t('Gateway overhead')}>
          {request.overhead_ms === 0 ? '<1 ms' : duration(request.overhead_ms)}
        </Fact>
        <Fact label={t('Cost')}>
          <Money value={request.cost} />
        </Fact>
        <Fact label={t('Model')}>{model === null ? NONE : <Named path="/models" name={model} />}</Fact>
        <Fact label={t('Provider')}>
          {provider === null ? NONE : <Named path="/providers" name={provider} />}
        </Fact>
        <Fact label={t('Key')}>{key === null ? NONE : <Named path="/keys" name={key} />}</Fact>
        <Whose request={request} />
        <Trace request={request} />
      </Facts>
      <Card title={t('Attempts')}>
        <Waterfall request={request} />
      </Card>
      {hasTokens(request) && <Tokens request={request} />}
      {request.translation && <Losses translation={request.translation} />}
      <HeaderFields request={request} />
      <RecordedBodies key={request.request_id} request={request} />
      <Card title={t('As curl')}>
        <div className="stack tight">
          <p className="small muted">{t('The command has a sample message. Replace it with your own.')}</p>
          <CodeBlock label={t('As curl')} text={curlOf(request, gateway.address)} />
        </div>
      </Card>
    </div>
  );
}

/** The trace of a request, with a link where the address of the tracing tool is known. */
function Trace({ request: { trace_id: id, trace_url: url } }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  if (id === null || id === undefined) return null;
  return (
    <Fact label={t('Trace')}>
      {url === null || url === undefined ? (
        <span className="row tight">
          <span className="mono truncate">{id}</span> <Copy text={id} />
        </span>
      ) : (
        <a href={url} target="_blank" rel="noreferrer" title={id}>
          {t('Open')} <span className="mono">{id.slice(0, 8)}</span>
        </a>
      )}
    </Fact>
  );
}

/** The known owners of a request, who are charged for it. */
function Whose({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const facts = [
    [t('Team'), request.team],
    [t('User'), request.user],
    [t('End user'), request.end_user],
    [t('Service tier'), request.tier],
    ...Object.entries(request.tags ?? {}),
  ] as const;
  return facts.map(
    ([label, value]) =>
      value !== null &&
      value !== undefined && (
        <Fact key={label} label={label}>
          {value}
        </Fact>
      ),
  );
}

function Named({ path, name }: { path: string; name: string }): ReactNode {
  return <Link href={`${path}?id=${encodeURIComponent(name)}`}>{name}</Link>;
}

/** Nobody is charged for a request that no provider has seen. */
function hasTokens({ total_tokens: tokens, attempts_detail: attempts, cost, saved }: RequestDetail): boolean {
  return attempts.length > 0 || (tokens ?? 0) > 0 || (cost ?? saved ?? null) !== null;
}

function Tokens({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  return (
    <Card title={t('Tokens and cost')}>
      <div className="stack">
        <Facts>
          <Fact label={t('Prompt')}>{count(request.prompt_tokens)}</Fact>
          <Fact label={t('Of which cached')}>{count(request.cached_tokens)}</Fact>
          {(request.cache_write_tokens ?? 0) > 0 && (
            <Fact label={t('Written to the cache')}>{count(request.cache_write_tokens)}</Fact>
          )}
          <Fact label={t('Answer')}>{count(request.completion_tokens)}</Fact>
          <Fact label={t('Of which reasoning')}>{count(request.reasoning_tokens)}</Fact>
          <Fact label={t('Total')}>{count(request.total_tokens)}</Fact>
          {request.saved !== null && request.saved !== undefined && (
            <Fact label={t('Saved by the cache')}>
              <Money value={request.saved} />
            </Fact>
          )}
        </Facts>
        <p className="small muted">
          <Basis request={request} />
        </p>
      </div>
    </Card>
  );
}

/** The source of the tokens and the cost. */
function Basis({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  if (request.cost_basis === 'cache') return t('The answer came from the response cache.');
  if (request.cost_basis === 'lost') return t('Charged with what was reserved for the request.');
  if (request.cost_basis === 'not-billed') return t('No answer, so nothing is billed.');
  const counted = request.is_estimated ? t('Counted by the gateway.') : t('Reported by the provider.');
  if (!request.price_ref) return sentences(counted, t('No price is known for this route.'));
  return request.prices ? (
    <>
      {sentences(counted, t('Prices:'))} <Prices prices={request.prices} />
    </>
  ) : (
    <>
      {sentences(counted, t('Calculated from the price'))} <code>{request.price_ref}</code>.
    </>
  );
}

/** Each price under its name in the configuration: `input $1.25 / 1M`. */
function Prices({ prices }: { prices: AppliedPrices }): ReactNode {
  const { t } = useTranslation();
  const { meters, tier, discount_percent: discount } = prices;
  const parts = meters.map(({ meter, price, per, above }) =>
    [
      `${meter} ${money(price)} / ${compact(per)}`,
      ...above.map((step) => `> ${compact(step.input_tokens)}: ${money(step.price)}`),
    ].join(', '),
  );
  if (discount > 0) parts.push(t('{{percent}}% discount', { percent: discount }));
  if (tier !== null) parts.push(tier);
  return <span className="num">{parts.join(' · ')}</span>;
}

function Losses({ translation }: { translation: NonNullable<RequestDetail['translation']> }): ReactNode {
  const { t } = useTranslation();
  const { from, to, losses, count: total } = translation;
  return (
    <Card title={t('Translation')}>
      <p className="muted small">
        {from} → {to} ·{' '}
        {total === 0
          ? t('nothing was lost')
          : t('{{text}} fields could not be translated', { count: total, text: count(total) })}
      </p>
      <ul className="losses">
        {losses.map(({ what, path, why }) => (
          <li key={`${path} ${what}`}>
            <code>{path}</code> <span>{what}</span> <span className="muted">{why}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
