/** The API paths that are told apart in logs and metrics. A client's own string never becomes a label. */
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

/** The name of all paths that the list does not have. */
export const OTHER_ENDPOINT = '/v1/*';

const KNOWN: ReadonlySet<string> = new Set(ENDPOINTS);

/** What the gateway answers itself, which is reported where it refuses. */
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

/** Whether a path is one of the list, written with its `/v1`. */
export function isKnownEndpoint(path: string): boolean {
  return KNOWN.has(path);
}

/** The endpoint that a path belongs to, with or without its `/v1`: one of a fixed list, or `OTHER_ENDPOINT`. */
export function endpointOf(path: string): string {
  if (OWN.has(path)) return path;
  const canonical = path.startsWith('/v1/') ? path : `/v1${path}`;
  return KNOWN.has(canonical) ? canonical : OTHER_ENDPOINT;
}
