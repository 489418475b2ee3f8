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
  // The only file that connecting reads is a provider's `ca_file`.
  ENOENT: 'tls',
  EACCES: 'tls',
  EISDIR: 'tls',
  InvalidHTTPResponse: 'protocol',
  Malformed_HTTP_Response: 'protocol',
};

/** A safe request (GET, HEAD) is resent if its connection ended within this time. */
const SAFE_WITHIN_MS = 1_000;

/** Smaller values cannot distinguish a round trip from a busy machine. */
const SHORTEST_STALE_MS = 50;

/**
 * Returns for how many milliseconds after sending on a reused connection a close without a byte of answer means that
 * the provider had already closed it. Its close takes at most a round trip to arrive. After that the provider may
 * have accepted the request, and resending a POST could charge it twice.
 *
 * @param handshakeMs how long the connection took to open, which is at least one round trip
 */
export function staleWithinMs(method: string, handshakeMs: number): number {
  if (method === 'GET' || method === 'HEAD') return SAFE_WITHIN_MS;
  return Math.min(SAFE_WITHIN_MS, Math.max(SHORTEST_STALE_MS, 2 * handshakeMs));
}

/** Derives the reason from the error code that `fetch` threw or the connection ended with. */
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
