import type { FeedEntry } from './types.ts';

/** How many events the page keeps. */
export const KEPT_FEED = 100;

/** A part of all events, the newest first. */
export interface FeedPart {
  readonly entries: readonly FeedEntry[];
  /** The kinds of which events are left out that happened before a time, with this time. */
  readonly cutAt: ReadonlyMap<string, string>;
}

/** Events that say the same. */
export interface FeedGroup {
  /** The newest one. */
  readonly entry: FeedEntry;
  readonly times: number;
  /** Whether older ones that are left out may belong to it. */
  readonly hasMore: boolean;
}

/** Events that say the same within this time become one, also where others lie between them. */
const GROUP_MS = 60_000;

/** Joins the events of the live stream with the older, stored ones. An event may be in both, and is kept once. */
export function joined(told: readonly FeedEntry[], earlier: FeedPart): FeedPart {
  const oldest = told[KEPT_FEED - 1];
  if (oldest !== undefined)
    return { entries: told, cutAt: new Map(told.map(({ kind }) => [kind, oldest.at])) };
  const idOf = ({ kind, request_id: id, version }: FeedEntry): string => `${kind} ${id} ${version}`;
  const known = new Set(told.map(idOf));
  return { ...earlier, entries: [...told, ...earlier.entries.filter((entry) => !known.has(idOf(entry)))] };
}

/** Groups repeated events, so that many fallbacks do not hide what else happened. The newest group comes first. */
export function grouped({ entries, cutAt }: FeedPart): readonly FeedGroup[] {
  const wordsOf = ({ kind, provider, model, key, route, detail }: FeedEntry): string =>
    JSON.stringify([kind, provider, model, kind === 'budget' && key, kind !== 'fallback' && route, detail]);
  const groups: { entry: FeedEntry; oldestMs: number; times: number }[] = [];
  const latest = new Map<string, (typeof groups)[number]>();
  for (const entry of entries) {
    const words = wordsOf(entry);
    const known = latest.get(words);
    const atMs = Date.parse(entry.at);
    if (known !== undefined && known.oldestMs - atMs <= GROUP_MS) {
      known.times++;
      known.oldestMs = atMs;
      continue;
    }
    const group = { entry, oldestMs: atMs, times: 1 };
    latest.set(words, group);
    groups.push(group);
  }
  return groups.map(({ entry, times, oldestMs }) => {
    const cut = cutAt.get(entry.kind);
    return { entry, times, hasMore: cut !== undefined && oldestMs - Date.parse(cut) <= GROUP_MS };
  });
}
