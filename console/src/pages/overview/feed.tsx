import {
  Activity,
  ArrowRightLeft,
  Check,
  CircleAlert,
  CirclePause,
  CirclePlay,
  FilePen,
  FileX,
  type LucideIcon,
  Snowflake,
  Sunrise,
  Wallet,
} from 'lucide-react';
import type { TFunction } from 'i18next';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { queryText } from '../../api/client.ts';
import { type FeedGroup, grouped, joined } from '../../api/feed-groups.ts';
import { useLive } from '../../api/live.ts';
import type { FeedEntry, LiveRoute } from '../../api/types.ts';
import { Card } from '../../ui/card.tsx';
import { Empty } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import { useEarlierFeed } from './use-earlier-feed.ts';

const KINDS: Readonly<Record<string, { icon: LucideIcon; color: string }>> = {
  route_cooled: { icon: Snowflake, color: 'is-red' },
  route_back: { icon: Sunrise, color: 'is-green' },
  fallback: { icon: ArrowRightLeft, color: 'is-amber' },
  configuration: { icon: FilePen, color: 'muted' },
  refused_change: { icon: FileX, color: 'is-amber' },
  drained: { icon: CirclePause, color: 'muted' },
  resumed: { icon: CirclePlay, color: 'is-green' },
  cleared: { icon: Sunrise, color: 'is-green' },
  provider_error: { icon: CircleAlert, color: 'is-red' },
  budget: { icon: Wallet, color: 'is-amber' },
  failed: { icon: CircleAlert, color: 'is-red' },
  request: { icon: Check, color: 'muted' },
};

/** The latest events, the newest first. */
export function Feed(): ReactNode {
  const { t } = useTranslation();
  const told = useLive((live) => live.feed);
  const earlier = useEarlierFeed();
  const feed = useMemo(() => grouped(joined(told, earlier)), [told, earlier]);
  const lost = useLive((live) => live.lost);
  return (
    <Card title={t('What happened')} flush>
      {feed.length === 0 ? (
        <Empty
          icon={Activity}
          title={t('Nothing has happened yet')}
          text={t('Cooldowns, fallbacks and changes appear here.')}
        />
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
        <ol className="feed" aria-label={t('What happened')} tabIndex={0}>
          {feed.map((group, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- entries have no id
            <Entry key={`${group.entry.at} ${feed.length - at}`} {...group} />
          ))}
        </ol>
      )}
      {lost > 0 && (
        <p className="small muted feed-lost">
          {t('{{count}} events were lost on a slow connection.', { count: lost })}
        </p>
      )}
    </Card>
  );
}

function Entry({ entry, times, hasMore }: FeedGroup): ReactNode {
  const { t } = useTranslation();
  const route = useLive(({ routes }) => (entry.route === null ? undefined : routes.get(entry.route)));
  const text = feedText(entry, route, t);
  const { icon: Icon, color } = KINDS[entry.kind] ?? { icon: Activity, color: 'muted' };
  return (
    <li className="feed-entry">
      <Icon aria-hidden className={color} />
      <Link href={placeOf(entry)} className="grow clamp" title={text}>
        {text}
      </Link>
      {times > 1 && (
        <span className="badge is-idle num">
          × {times}
          {hasMore && '+'}
        </span>
      )}
      <span className="muted small">
        <When time={entry.at} />
      </span>
    </li>
  );
}

/** An event, in a few words. */
function feedText(entry: FeedEntry, route: LiveRoute | undefined, t: TFunction): string {
  const what = route ? `${route.provider}${route.model === null ? '' : `/${route.model}`}` : entry.provider;
  const text = t(`feed ${entry.kind}`, {
    what: what ?? entry.model ?? entry.key ?? '',
    model: entry.model ?? '',
    provider: entry.provider ?? '',
    version: entry.version ?? '',
    seconds: Math.round(entry.seconds ?? 0),
    defaultValue: entry.kind,
  });
  return entry.detail === null ? text : t('{{text}}: {{detail}}', { text, detail: entry.detail });
}

function placeOf({ kind, provider, model, key, request_id: id, version }: FeedEntry): string {
  if (version !== null) return `/config?version=${version}`;
  if (id !== null) return `/requests${queryText({ id })}`;
  if (kind === 'refused_change') return '/config';
  return `/requests${queryText({ provider, model, key })}`;
}
