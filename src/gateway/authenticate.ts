import type { Access, MasterKey } from '../config/snapshot.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { type CredentialPlaces, presentedKey, presentedKeys } from './credentials.ts';
import { Refusal } from './refusals.ts';

const CHALLENGE = { 'www-authenticate': 'Bearer realm="llm-proxy"' };

/**
 * Returns the master key that the request presents; undefined if the gateway is open. If the request has several
 * credentials, one known key is enough, since the others may be for the provider.
 *
 * Keys are looked up by SHA-256, so that the lookup's timing reveals nothing about a key. A disabled key is treated
 * like an unknown one.
 */
export function authenticate(request: CredentialPlaces, access: Access): MasterKey | undefined {
  if (access.kind === 'open') return undefined;
  const presented = presentedKey(request.headers, request.search);
  if (presented === undefined) throw new Refusal('missing_api_key', {}, { headers: CHALLENGE });
  const key = access.keys.get(sha256Hex(presented));
  if (key?.enabled === true) return key;
  for (const other of presentedKeys(request)) {
    const found = other === presented ? undefined : access.keys.get(sha256Hex(other));
    if (found?.enabled === true) return found;
  }
  // The key may have been created a moment ago, so ask the client to retry instead of rejecting the key.
  if (key === undefined && access.isStale?.() === true) {
    throw new Refusal('key_store_unavailable', {}, { headers: { 'retry-after': '2' } });
  }
  throw new Refusal('invalid_api_key', {}, { headers: CHALLENGE });
}
