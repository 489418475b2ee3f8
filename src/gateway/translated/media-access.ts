import type { AttemptContext } from '../prepared-request.ts';
import type { MediaAccess } from './request-media.ts';

/**
 * Returns how the attempt may fetch files that the request names by URL; undefined if the configuration forbids it.
 */
export function mediaAccessFor({ planned, provider, gateway }: AttemptContext): MediaAccess | undefined {
  const { media: fetcher, clock } = gateway;
  if (fetcher === undefined) return undefined;
  const { fetchMedia, maxMediaBytes } = planned.snapshot.translation(planned.plan.model.name, provider);
  if (!fetchMedia) return undefined;
  const leftMs = (): number => planned.deadlineMs - clock.nowMs();
  return { fetcher, maxBytes: maxMediaBytes, leftMs, signal: planned.request.signal };
}
