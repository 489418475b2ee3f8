import { useInfiniteQuery } from '@tanstack/react-query';
import { GitCompareArrows, History } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import type { HistoryEntry } from '../../api/resources.ts';
import type { Params } from '../../lib/params.ts';
import { Button, classes } from '../../ui/button.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import { actionText } from './action-text.ts';
import { RevisionView } from './revision-view.tsx';

interface HistoryTabProps {
  readonly params: Params;
  readonly setParams: (change: Params) => void;
}

const PAGE = 50;

/** The revisions as a timeline; one of them, or the difference of two, beside it. */
export function HistoryTab({ params, setParams }: HistoryTabProps): ReactNode {
  const { t } = useTranslation();
  const { entries, version, pages } = useHistory();
  if (pages.error && !entries) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  if (!entries) return <SkeletonLines />;
  if (entries.length === 0)
    return (
      <Empty
        icon={History}
        title={t('Nothing was changed yet')}
        text={t('Every change appears here, with who made it.')}
      />
    );
  const chosen = Number(params['version'] ?? entries[0]?.version);
  const compared = params['compare'] === undefined ? undefined : Number(params['compare']);
  return (
    <div className="history">
      <ol className="timeline">
        {entries.map((entry) => (
          <Revision
            key={entry.version}
            entry={entry}
            isChosen={entry.version === chosen}
            isCompared={entry.version === compared}
            onChoose={() => setParams({ version: String(entry.version), compare: '' })}
            onCompare={() => setParams({ version: String(chosen), compare: String(entry.version) })}
          />
        ))}
        {pages.hasNextPage && (
          <li>
            <Button small busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t('Older ones')}
            </Button>
          </li>
        )}
      </ol>
      <RevisionView
        entry={entries.find((entry) => entry.version === chosen)}
        version={chosen}
        compared={compared}
        isCurrent={chosen === version}
        onStopComparing={() => setParams({ compare: '' })}
      />
    </div>
  );
}

function useHistory() {
  // A new revision has the list loaded again.
  const known = useLive((live) => live.configVersion);
  const pages = useInfiniteQuery({
    queryKey: ['config', 'history', known],
    queryFn: ({ pageParam, signal }) =>
      admin<{ version: number; history: readonly HistoryEntry[] }>('/config/history', {
        query: { limit: PAGE, before: pageParam },
        signal,
      }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ history }) => (history.length < PAGE ? undefined : history.at(-1)?.version),
  });
  return {
    pages,
    entries: pages.data?.pages.flatMap(({ history }) => history),
    version: pages.data?.pages[0]?.version,
  };
}

interface RevisionProps {
  readonly entry: HistoryEntry;
  readonly isChosen: boolean;
  readonly isCompared: boolean;
  readonly onChoose: () => void;
  readonly onCompare: () => void;
}

function Revision({ entry, isChosen, isCompared, onChoose, onCompare }: RevisionProps): ReactNode {
  const { t } = useTranslation();
  return (
    <li className={classes('revision', isChosen && 'is-chosen', isCompared && 'is-compared')}>
      <button type="button" className="revision-main" aria-pressed={isChosen} onClick={onChoose}>
        <span className="row">
          <span className="num strong">{entry.version}</span>
          <span className="truncate grow">{actionText(entry.action, t)}</span>
        </span>
        <span className="small muted truncate">
          {entry.actor} · <When time={entry.timestamp} relative />
        </span>
      </button>
      {!isChosen && (
        <Button
          small
          look="quiet"
          icon={GitCompareArrows}
          aria-label={t('Compare with {{version}}', { version: entry.version })}
          title={t('Compare with {{version}}', { version: entry.version })}
          onClick={onCompare}
        />
      )}
    </li>
  );
}
