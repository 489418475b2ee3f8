import { rememberLast } from '../lib/remember-last.ts';

/** The API paths that logs and metrics distinguish. Client-supplied strings never become labels. */
export const ENDPOINTS = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/responses',
  '/v1/realtime',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/moderations',
  '/v1/audio/speech',
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
  '/v1/images/generations',
  '/v1/images/edits',
  '/v1/images/variations',
  '/v1/rerank',
  '/v1/files',
  '/v1/batches',
  '/v1/models',
] as const;

/** Stands for all paths that are not in the list. */
export const OTHER_ENDPOINT = '/v1/*';

const KNOWN: ReadonlySet<string> = new Set(ENDPOINTS);

/** Paths that the gateway serves itself, which are reported if it refuses a request. */
const OWN: ReadonlySet<string> = new Set([
  '/',
  '/health',
  '/healthz',
  '/readyz',
  '/health/detailed',
  '/metrics',
  '/openapi.json',
  '/docs',
]);

/** Whether a path, including its `/v1`, is in the list. */
export function isKnownEndpoint(path: string): boolean {
  return KNOWN.has(path);
}

/** Returns the endpoint of a path with or without `/v1`: one from a fixed list, or `OTHER_ENDPOINT`. */
export const endpointOf = rememberLast((path): string => {
  if (OWN.has(path)) return path;
  const canonical = path.startsWith('/v1/') ? path : `/v1${path}`;
  return KNOWN.has(canonical) ? canonical : OTHER_ENDPOINT;
});
