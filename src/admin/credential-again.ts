import type { Json, JsonObject } from '../store/revision.ts';
import type { Detail } from './problem.ts';

/**
 * The stored secrets of a provider that must be sent again, since the change would send them to another host.
 * Credentials can be written but never read, so whoever may change a provider must not be able to redirect them to a
 * host of their own. Sending them again or removing them with `null` are both fine.
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
  // A proxy's credential is in its URL.
  const opensTls = input['verify_ssl'] === false && before['verify_ssl'] !== false;
  if (opensTls && isSet(before['proxy']) && input['proxy'] === undefined)
    missing.push({ path: 'proxy', message });
  return missing;
}

/** Changes that let somebody else see the credential: another host, a proxy, or an unchecked certificate. */
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

/** Protocol, host and port; a text that is not a URL differs from every origin. */
function originOf(base: Json | undefined): string | undefined {
  return typeof base === 'string' ? (URL.parse(base)?.origin ?? base) : undefined;
}

function isSet(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
