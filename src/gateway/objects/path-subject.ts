import { versionOf } from '../../lib/api-path.ts';
import { GEMINI_VERBS } from '../../protocols/error-body.ts';

/**
 * What a request is about, told by its method and path: a model that its body or its path names, a new object, an object that
 * was made before, or something else, such as a list of everybody's files.
 */
export type PathSubject =
  | { readonly kind: 'model-in-body' }
  | { readonly kind: 'model-in-path'; readonly model: string }
  | { readonly kind: 'new-object' }
  | { readonly kind: 'object'; readonly id: string }
  | { readonly kind: 'other' };

const MODEL_IN_BODY = { kind: 'model-in-body' } as const;
const NEW_OBJECT = { kind: 'new-object' } as const;
const OTHER = { kind: 'other' } as const;

/** Paths whose POST names its model in the body, without their version. */
const MODEL_PATHS: ReadonlySet<string> = new Set([
  '/chat/completions',
  '/completions',
  '/responses',
  '/responses/compact',
  '/responses/input_tokens',
  '/embeddings',
  '/messages',
  '/messages/count_tokens',
  '/moderations',
  '/audio/speech',
  '/audio/transcriptions',
  '/audio/translations',
  '/images/generations',
  '/images/edits',
  '/images/variations',
  '/rerank',
  '/reranking',
  '/score',
  '/classify',
  '/pooling',
  '/tokenize',
  '/detokenize',
  '/embed',
  '/chat',
  '/ocr',
  '/fim/completions',
  '/videos',
  '/assistants',
]);

/** Where objects are made without a model, and named by their ids below. */
const COLLECTIONS: ReadonlySet<string> = new Set([
  '/files',
  '/uploads',
  '/vector_stores',
  '/conversations',
  '/containers',
]);

/** Further places of objects. To make one there takes a model, which only a file names, or several. */
const PLACES_OF_OBJECTS: ReadonlySet<string> = new Set([
  ...COLLECTIONS,
  '/chat/completions',
  '/responses',
  '/videos',
  '/assistants',
  '/threads',
  '/batches',
  '/messages/batches',
  '/fine_tuning/jobs',
  '/evals',
  '/skills',
  '/cachedContents',
  '/fileSearchStores',
]);

/** The subject of a request. The path has no query, and is in the form that `apiPath` gives it. */
export function subjectOf(method: string, path: string): PathSubject {
  const bare = path.slice(versionOf(path)?.length ?? 0);
  if (method === 'POST' && MODEL_PATHS.has(bare)) return MODEL_IN_BODY;
  const named = modelAndVerb(bare);
  if (named !== undefined) return { kind: 'model-in-path', model: named.model };
  if (COLLECTIONS.has(bare)) return method === 'POST' ? NEW_OBJECT : OTHER;
  const id = idIn(bare);
  return id === undefined ? OTHER : { kind: 'object', id };
}

/** Whether the request makes an object at a place where such are kept. */
export function isMadeAt(method: string, path: string): boolean {
  return method === 'POST' && PLACES_OF_OBJECTS.has(path.slice(versionOf(path)?.length ?? 0));
}

/** Whether a path has neither a version nor a name that any API has: no provider is to be asked for it. */
export function isNonsense(path: string): boolean {
  const first = path.split('/', 2)[1] ?? '';
  return versionOf(path) === undefined && !KNOWN_ROOTS.has(first);
}

const KNOWN_ROOTS: ReadonlySet<string> = new Set(
  [
    ...MODEL_PATHS,
    ...PLACES_OF_OBJECTS,
    '/models',
    '/organization',
    '/realtime',
    '/openai',
    '/upload',
    '/projects',
  ].map((path) => path.split('/', 2)[1] ?? ''),
);

/** `gemini-x`, percent-decoded, and `generateContent` in `/models/gemini-x:generateContent`. */
export function modelAndVerb(path: string): { readonly model: string; readonly verb: string } | undefined {
  const models = path.lastIndexOf('/models/');
  if (models === -1) return undefined;
  const name = path.slice(models + '/models/'.length);
  const colon = name.lastIndexOf(':');
  const verb = name.slice(colon + 1);
  return colon > 0 && GEMINI_VERBS.has(verb) ? { model: decoded(name.slice(0, colon)), verb } : undefined;
}

/** The id behind the name of a place of objects, which has one segment or two. */
function idIn(path: string): string | undefined {
  const [, first = '', second = '', third = ''] = path.split('/', 4);
  if (PLACES_OF_OBJECTS.has(`/${first}/${second}`)) return third === '' ? undefined : decoded(third);
  if (PLACES_OF_OBJECTS.has(`/${first}`)) return second === '' ? undefined : decoded(second);
  return undefined;
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
