import type { Access, MasterKey } from '../config/snapshot.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { type CredentialPlaces, presentedKey, presentedKeys } from './credentials.ts';
import { Refusal } from './refusals.ts';

const CHALLENGE = { 'www-authenticate': 'Bearer realm="llm-proxy"' };

/**
 * Who is asking: the master key that the request presents, or undefined where the gateway is open. Where it presents
 * several credentials, one that is known is enough: the others are for the provider.
 *
 * Keys are looked up by their SHA-256, so that the time of the look-up tells nothing about a key: to steer the
 * comparison one would have to steer the hash. A disabled key answers like an unknown one.
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
  // A key that was made a moment ago is not invalid: whoever has it should try again, not throw it away.
  if (key === undefined && access.isStale?.() === true) {
    throw new Refusal('key_store_unavailable', {}, { headers: { 'retry-after': '2' } });
  }
  throw new Refusal('invalid_api_key', {}, { headers: CHALLENGE });
}
