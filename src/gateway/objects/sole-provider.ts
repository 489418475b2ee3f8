import type { Provider, Snapshot } from '../../config/snapshot.ts';
import type { ClientRequest } from '../ports.ts';

/** Objects that a provider keeps, by the beginning of their paths behind the version, and calls whose model may be left out. */
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
 * The provider of a request that names no model: it reads, changes or deletes an object that a provider keeps, or makes one, and just one
 * provider comes into question. Undefined: the request is none of these, or several do.
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
  // A response or a stored completion is read under the path under which one is made, and only then needs no model.
  if (first === 'responses') return method !== 'POST' || second !== undefined;
  if (first === 'chat') return second === 'completions' && method !== 'POST';
  if (first === 'messages') return second === 'batches';
  return OBJECTS.has(first);
}

/** Whether the request is one of Anthropic's API: OpenAI's has files, too. */
function isAnthropic([first]: readonly string[], headers: Headers): boolean {
  return first === 'messages' || headers.has('anthropic-version');
}
