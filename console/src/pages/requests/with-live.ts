import type { RequestRow } from '../../api/types.ts';

/**
 * The stored requests with those of the live stream, the newest first; both lists have that order, and no request in common. A
 * request of the stream may be older than stored ones, since records are written a moment late. Those older than all stored
 * ones belong to a later page.
 */
export function withLive(stored: readonly RequestRow[], live: readonly RequestRow[]): readonly RequestRow[] {
  const [newest, oldest] = [stored[0], stored.at(-1)];
  if (newest === undefined || oldest === undefined) return live;
  const before = live.filter(({ time }) => time >= newest.time);
  const among = live.filter(({ time }) => time < newest.time && time > oldest.time);
  const last = among.at(-1);
  if (last === undefined) return [...before, ...stored];
  const until = stored.findIndex(({ time }) => time < last.time);
  const mixed = [...among, ...stored.slice(0, until)].sort((one, other) =>
    other.time.localeCompare(one.time),
  );
  return [...before, ...mixed, ...stored.slice(until)];
}
