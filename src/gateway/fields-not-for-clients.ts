import { HOP_BY_HOP } from '../lib/http/hop-by-hop.ts';

/** The field that reports a translation and what it lost. */
export const TRANSLATION_FIELD = 'x-llm-proxy-translation';

/** A browser would apply these to the gateway's own origin. */
const FOR_BROWSERS = [
  'accept-ch',
  'activate-storage-access',
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'critical-ch',
  'cross-origin-embedder-policy',
  'cross-origin-embedder-policy-report-only',
  'cross-origin-opener-policy',
  'cross-origin-opener-policy-report-only',
  'cross-origin-resource-policy',
  'document-policy',
  'document-policy-report-only',
  'expect-ct',
  'feature-policy',
  'integrity-policy',
  'integrity-policy-report-only',
  'login-status',
  'nel',
  'no-vary-search',
  'observe-browsing-topics',
  'origin-agent-cluster',
  'permissions-policy',
  'permissions-policy-report-only',
  'public-key-pins',
  'public-key-pins-report-only',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'sec-session-registration',
  'secure-session-registration',
  'service-worker-allowed',
  'set-login',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'supports-loading-mode',
  'timing-allow-origin',
  'use-as-dictionary',
  'x-dns-prefetch-control',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  'x-sourcemap',
];

/** A proxy in front of the gateway would obey these, and send a file of its own or ask another server. */
const FOR_PROXIES_IN_FRONT = [
  'edge-control',
  'surrogate-control',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-lighttpd-send-file',
  'x-lighttpd-send-tempfile',
  'x-litespeed-location',
  'x-sendfile',
  'x-sendfile2',
];

/** Response fields of a provider that clients do not get, by lower-case name. */
export const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  TRANSLATION_FIELD,
  'alt-svc',
  'authentication-info',
  'content-length',
  'proxy-authentication-info',
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
  ...FOR_BROWSERS,
  ...FOR_PROXIES_IN_FRONT,
]);

/** Further such fields, by the beginnings of their names. */
export const PREFIXES_NOT_FOR_CLIENTS = ['access-control-', 'attribution-reporting-', 'x-reproxy-'] as const;
