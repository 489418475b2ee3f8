import { useQuery } from '@tanstack/react-query';
import { admin } from '../../api/client.ts';
import type { FeedPart } from '../../api/feed-groups.ts';
import type { HistoryEntry } from '../../api/resources.ts';
import type { FeedEntry, RequestRow } from '../../api/types.ts';

const SHOWN = 20;
const SHOWN_CHANGES = 5;
const NOTHING: FeedPart = { entries: [], cutAt: new Map() };

/** The events before the page was opened: fallbacks, failures and changes, or else the last requests. */
export function useEarlierFeed(): FeedPart {
  const { data } = useQuery({
    queryKey: ['earlier-feed'],
    queryFn: async ({ signal }) => {
      const requests = async (query: Readonly<Record<string, string>>): Promise<readonly RequestRow[]> => {
        const answer = await admin<{ requests: readonly RequestRow[] }>('/requests', {
          query: { ...query, limit: SHOWN },
          signal,
        });
        return answer.requests;
      };
      const [fallbacks, failures, history] = await Promise.all([
        requests({ has_fallback: 'true' }),
        requests({ ending: 'failed,truncated' }),
        admin<{ history: readonly HistoryEntry[] }>('/config/history', {
          query: { limit: SHOWN_CHANGES },
          signal,
        }),
      ]);
      const events = [...unique([...fallbacks, ...failures]), ...history.history.map(entryOfChange)];
      const found = events.length > 0 ? events : (await requests({})).map((row) => entryOf(row, 'request'));
      const cuts = [
        ['fallback', fallbacks[SHOWN - 1]?.time],
        ['failed', failures[SHOWN - 1]?.time],
        ['configuration', history.history[SHOWN_CHANGES - 1]?.timestamp],
        ['request', events.length === 0 ? found[SHOWN - 1]?.at : undefined],
      ] as const;
      return {
        entries: found.toSorted((one, other) => other.at.localeCompare(one.at)),
        cutAt: new Map(cuts.flatMap(([kind, at]) => (at === undefined ? [] : [[kind, at]]))),
      };
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data ?? NOTHING;
}

/** A request that failed after a fallback is a failure. */
function unique(rows: readonly RequestRow[]): FeedEntry[] {
  return [...new Map(rows.map((row) => [row.request_id, row])).values()].map((row) =>
    entryOf(row, row.ending === 'complete' || row.ending === 'client-left' ? 'fallback' : 'failed'),
  );
}

function entryOf(row: RequestRow, kind: string): FeedEntry {
  const { time: at, request_id: id, model, provider, key, code, status } = row;
  const detail = kind === 'failed' ? (code ?? String(status)) : null;
  return {
    at,
    kind,
    provider,
    model,
    key,
    route: null,
    request_id: id,
    version: null,
    seconds: null,
    detail,
  };
}

function entryOfChange({ timestamp: at, version }: HistoryEntry): FeedEntry {
  const nobody = { provider: null, model: null, key: null, route: null, request_id: null };
  return { at, kind: 'configuration', ...nobody, version, seconds: null, detail: null };
}
