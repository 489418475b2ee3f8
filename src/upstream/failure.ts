import type { UnreachableReason } from '../routing/outcome.ts';

const REASON_BY_CODE: Readonly<Record<string, UnreachableReason>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ENODATA: 'dns',
  DNSException: 'dns',
  ForbiddenAddress: 'forbidden',
  ECONNREFUSED: 'refused',
  ConnectionRefused: 'refused',
  ECONNRESET: 'reset',
  ConnectionClosed: 'closed',
  EPIPE: 'closed',
  EPROTO: 'tls',
  // Only a provider's `ca_file` is a file.
  ENOENT: 'tls',
  EACCES: 'tls',
  EISDIR: 'tls',
  InvalidHTTPResponse: 'protocol',
  Malformed_HTTP_Response: 'protocol',
};

/** A request that changes nothing may be sent again if its connection ended so soon. */
const SAFE_WITHIN_MS = 1_000;

/** Below this no round trip is told from a busy machine. */
const SHORTEST_STALE_MS = 50;

/**
 * For how long after a request was sent on a used connection its end, without a byte of an answer, tells that the provider
 * had closed it before. Its word of that takes a round trip at most. Later, it may have taken the request, and a POST that it
 * took must not be sent twice: it may be charged twice.
 *
 * @param handshakeMs how long the connection took to open, which is no less than a round trip
 */
export function staleWithinMs(method: string, handshakeMs: number): number {
  if (method === 'GET' || method === 'HEAD') return SAFE_WITHIN_MS;
  return Math.min(SAFE_WITHIN_MS, Math.max(SHORTEST_STALE_MS, 2 * handshakeMs));
}

/** Why there is no answer, from the code of what `fetch` threw or a connection ended with. */
export function unreachableReason(error: unknown): UnreachableReason {
  const code = codeOf(error);
  const known = REASON_BY_CODE[code];
  if (known !== undefined) return known;
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/i.test(code)) return 'tls';
  if (/HTTP/i.test(code)) return 'protocol';
  return 'network';
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
