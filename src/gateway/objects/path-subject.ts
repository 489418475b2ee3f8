import { versionOf } from '../../lib/api-path.ts';
import { GEMINI_VERBS } from '../../protocols/error-body.ts';

/**
 * The subject of a request, derived from its method and path: a model named in the body or path, a new object, an
 * existing object, or anything else, such as a list of all files.
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

/** Paths, without their version, whose POST names its model in the body. */
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

/** Collections whose objects are created without a model and addressed by id. */
const COLLECTIONS: ReadonlySet<string> = new Set([
  '/files',
  '/uploads',
  '/vector_stores',
  '/conversations',
  '/containers',
]);

/** Further collections. Creating an object there requires models that a file names, or several models. */
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

/** Returns the subject of a request. The path has no query, and is in the form that `apiPath` returns. */
export function subjectOf(method: string, path: string): PathSubject {
  const bare = path.slice(versionOf(path)?.length ?? 0);
  if (method === 'POST' && MODEL_PATHS.has(bare)) return MODEL_IN_BODY;
  const named = modelAndVerb(bare);
  if (named !== undefined) return { kind: 'model-in-path', model: named.model };
  if (COLLECTIONS.has(bare)) return method === 'POST' ? NEW_OBJECT : OTHER;
  const id = idIn(bare);
  return id === undefined ? OTHER : { kind: 'object', id };
}

/** Whether the request creates an object in a collection. */
export function isMadeAt(method: string, path: string): boolean {
  return method === 'POST' && PLACES_OF_OBJECTS.has(path.slice(versionOf(path)?.length ?? 0));
}

/** Whether a path has neither a version nor a name that any API uses. No provider is asked for such a path. */
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

/** For `/models/gemini-x:generateContent`, returns `gemini-x` (percent-decoded) and `generateContent`. */
export function modelAndVerb(path: string): { readonly model: string; readonly verb: string } | undefined {
  const models = path.lastIndexOf('/models/');
  if (models === -1) return undefined;
  const name = path.slice(models + '/models/'.length);
  const colon = name.lastIndexOf(':');
  const verb = name.slice(colon + 1);
  return colon > 0 && GEMINI_VERBS.has(verb) ? { model: decoded(name.slice(0, colon)), verb } : undefined;
}

/** Returns the id after the name of a collection, which has one or two segments. */
function idIn(path: string): string | undefined {
  const [, first = '', second = '', third = ''] = path.split('/', 4);
  if (PLACES_OF_OBJECTS.has(`/${first}/${second}`)) return third === '' ? undefined : decoded(third);
  if (PLACES_OF_OBJECTS.has(`/${first}`)) return second === '' ? undefined : decoded(second);
  return undefined;
}

/** A segment of a path, percent-decoded if it is well-formed. */
export function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
