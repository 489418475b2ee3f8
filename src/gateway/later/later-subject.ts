import { versionOf } from '../../lib/api-path.ts';
import { decoded } from '../objects/path-subject.ts';

/**
 * What an answer may report about work that was begun earlier: a `response`, a `batch`, or the `lines` of a file with
 * one result each. `id` is the provider's id of it.
 */
export interface LaterSubject {
  readonly kind: 'response' | 'batch' | 'lines';
  readonly id: string;
}

/** Returns undefined for all requests but those that read, or cancel, a response or a batch, or read a file. */
export function laterSubject(method: string, path: string): LaterSubject | undefined {
  if (method !== 'GET' && (method !== 'POST' || !path.endsWith('/cancel'))) return undefined;
  const segments = path.slice((versionOf(path)?.length ?? 0) + 1).split('/');
  const [collection = ''] =
    segments[0] === 'messages' ? segments.splice(0, 2).slice(1) : segments.splice(0, 1);
  const [id = '', verb = '', ...more] = segments;
  if (id === '' || more.length > 0) return undefined;
  const isCancel = method === 'POST';
  if (collection === 'responses' && (verb === '' || isCancel)) return { kind: 'response', id: decoded(id) };
  if (collection === 'batches' && (verb === '' || isCancel)) return { kind: 'batch', id: decoded(id) };
  const isLines =
    (collection === 'files' && verb === 'content') || (collection === 'batches' && verb === 'results');
  return isLines && !isCancel ? { kind: 'lines', id: decoded(id) } : undefined;
}
