import type { AttemptContext } from '../prepared-request.ts';
import type { MediaAccess } from './request-media.ts';

/** How the attempt may fetch the files that the request names by URL; undefined: the configuration does not allow it. */
export function mediaAccessFor({ planned, provider, gateway }: AttemptContext): MediaAccess | undefined {
  const { media: fetcher, clock } = gateway;
  if (fetcher === undefined) return undefined;
  const { fetchMedia, maxMediaBytes } = planned.snapshot.translation(planned.plan.model.name, provider);
  if (!fetchMedia) return undefined;
  const leftMs = (): number => planned.deadlineMs - clock.nowMs();
  return { fetcher, maxBytes: maxMediaBytes, leftMs, signal: planned.request.signal };
}
