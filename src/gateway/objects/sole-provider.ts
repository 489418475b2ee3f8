import type { Fields } from '../../lib/http/fields.ts';
import type { Provider, Snapshot } from '../../config/snapshot.ts';
import type { ClientRequest } from '../ports.ts';

/**
 * The first path segment, after the version, of objects that providers store and of calls whose model is optional.
 */
const OBJECTS: ReadonlySet<string> = new Set([
  'assistants',
  'batches',
  'cachedContents',
  'containers',
  'conversations',
  'corpora',
  'evals',
  'files',
  'fileSearchStores',
  'fine_tuning',
  'moderations',
  'operations',
  'responses',
  'skills',
  'threads',
  'tunedModels',
  'uploads',
  'vector_stores',
  'videos',
]);

/**
 * Returns the provider for a request without a model that reads, changes, deletes or creates a stored object, if
 * exactly one provider is a candidate. Returns undefined for any other request, or if there are several candidates.
 */
export function soleProviderFor(request: ClientRequest, { providers }: Snapshot): Provider | undefined {
  const [version, ...segments] = request.path.split('/').filter((segment) => segment !== '');
  const path = version !== undefined && /^v\d/.test(version) ? segments : [version ?? '', ...segments];
  if (!isObject(path, request.method)) return undefined;
  const all = [...providers.values()];
  const fitting = all.filter(({ type }) => (type === 'anthropic') === isAnthropic(path, request.headers));
  const candidates = fitting.length > 0 ? fitting : all;
  return candidates.length === 1 ? candidates[0] : undefined;
}

function isObject([first = '', second]: readonly string[], method: string): boolean {
  // Responses and stored completions share their path with the POST that creates them, which needs a model.
  if (first === 'responses') return method !== 'POST' || second !== undefined;
  if (first === 'chat') return second === 'completions' && method !== 'POST';
  if (first === 'messages') return second === 'batches';
  return OBJECTS.has(first);
}

/** Whether the request belongs to Anthropic's API. OpenAI's API has files, too. */
function isAnthropic([first]: readonly string[], headers: Fields): boolean {
  return first === 'messages' || headers.has('anthropic-version');
}
