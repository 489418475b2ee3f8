import { versionOf } from '../../lib/api-path.ts';
import { decoded } from '../objects/path-subject.ts';

/**
 * Work that was begun earlier and whose results an answer may report: a `response`, a `batch`, or the `lines` of a file with
 * one result each. `id` is the provider's id.
 */
export interface LaterSubject {
  readonly kind: 'response' | 'batch' | 'lines';
  readonly id: string;
}

/** The paths without their version. Those with a second group also report it when the work is cancelled. */
const PATHS: readonly (readonly [LaterSubject['kind'], RegExp])[] = [
  ['response', /^\/responses\/([^/]+)(\/cancel)?$/],
  ['batch', /^(?:\/messages)?\/batches\/([^/]+)(\/cancel)?$/],
  ['lines', /^\/files\/([^/]+)\/content$/],
  ['lines', /^\/messages\/batches\/([^/]+)\/results$/],
];

/** Returns undefined for all requests but those that read, or cancel, a response or a batch, or read a file. */
export function laterSubject(method: string, path: string): LaterSubject | undefined {
  if (method !== 'GET' && !(method === 'POST' && path.endsWith('/cancel'))) return undefined;
  const bare = path.slice(versionOf(path)?.length ?? 0);
  for (const [kind, pattern] of PATHS) {
    const found = pattern.exec(bare);
    if (found === null) continue;
    const isCancel = found[2] !== undefined;
    return isCancel === (method === 'POST') ? { kind, id: decoded(found[1] ?? '') } : undefined;
  }
  return undefined;
}
