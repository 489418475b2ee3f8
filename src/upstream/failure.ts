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

/** A connection that had died shows it at once; a provider that took the request and then broke off takes longer. */
export const STALE_WITHIN_MS = 1_000;

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
