import type { Json, JsonObject } from '../store/revision.ts';
import type { Detail } from './problem.ts';

/**
 * Which of a provider's stored secrets have to be sent again with a change, since the change brings them to another
 * host: credentials go in and never come out, and whoever may write a provider must not have them sent to a host of
 * theirs. Sent anew, or taken away with `null`, both are fine.
 */
export function findUnsentCredentials(before: JsonObject, input: JsonObject): Detail[] {
  const reason = whyElsewhere(before, input);
  if (reason === undefined) return [];
  const missing: Detail[] = [];
  const message = `must be sent again, since ${reason}; null takes it away`;
  if (isSet(before['api_key']) && input['api_key'] === undefined) missing.push({ path: 'api_key', message });
  for (const field of ['aws', 'service_account', 'access_token'])
    if (isSet(before[field]) && input[field] === undefined) missing.push({ path: field, message });
  if (isSet(before['headers']) && input['headers'] === undefined) missing.push({ path: 'headers', message });
  // The credential of a proxy is in its URL.
  const opensTls = input['verify_ssl'] === false && before['verify_ssl'] !== false;
  if (opensTls && isSet(before['proxy']) && input['proxy'] === undefined)
    missing.push({ path: 'proxy', message });
  return missing;
}

/** What lets somebody else see the credential: another host, a proxy on the way, or a certificate that nobody checks. */
function whyElsewhere(before: JsonObject, input: JsonObject): string | undefined {
  const { api_base: base, proxy, verify_ssl: verifies, ca_file: authorities } = input;
  const { provider_type: type } = input;
  if (before['api_base'] === undefined && type !== undefined && type !== before['provider_type'])
    return 'provider_type changes, and with it the host';
  if (base !== undefined && originOf(base) !== originOf(before['api_base']))
    return 'api_base has another host';
  if (isSet(proxy) && proxy !== before['proxy']) return 'proxy changes';
  if (verifies === false && before['verify_ssl'] !== false) return 'verify_ssl becomes false';
  if (isSet(authorities) && authorities !== before['ca_file']) return 'ca_file changes';
  return undefined;
}

/** Protocol, host and port; a text that is no URL is another one than any. */
function originOf(base: Json | undefined): string | undefined {
  return typeof base === 'string' ? (URL.parse(base)?.origin ?? base) : undefined;
}

function isSet(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
