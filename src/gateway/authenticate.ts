import type { Access, MasterKey } from '../config/snapshot.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { Refusal } from './refusals.ts';
import type { HeaderField } from './ports.ts';

const CHALLENGE = { 'www-authenticate': 'Bearer realm="llm-proxy"' };

/**
 * Who is asking: the master key that the request presents, or undefined where the gateway is open.
 *
 * Keys are looked up by their SHA-256, so that the time of the look-up tells nothing about a key: to steer the
 * comparison one would have to steer the hash. A disabled key answers like an unknown one.
 */
export function authenticate(headers: Headers, access: Access): MasterKey | undefined {
  if (access.kind === 'open') return undefined;
  const presented = presentedKey(headers);
  if (presented === undefined) throw new Refusal('missing_api_key', {}, { headers: CHALLENGE });
  const key = access.keys.get(sha256Hex(presented));
  // A key that was made a moment ago is not invalid: whoever has it should try again, not throw it away.
  if (key === undefined && access.isStale?.() === true) {
    throw new Refusal('key_store_unavailable', {}, { headers: { 'retry-after': '2' } });
  }
  if (key === undefined || !key.enabled) throw new Refusal('invalid_api_key', {}, { headers: CHALLENGE });
  return key;
}

/** The header fields in which clients send a credential, by lower-case name. */
export const CREDENTIAL_FIELDS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;

/** The credentials of a request that are none of our keys, and so may be passed on where the operator wants that. */
export function foreignCredentials(headers: Headers, access: Access): HeaderField[] {
  return CREDENTIAL_FIELDS.flatMap((name): HeaderField[] => {
    const value = headers.get(name);
    if (value === null) return [];
    // A field that was sent twice arrives as one, with a comma.
    const secrets = value.split(',').map((part) => part.replace(/^\s*bearer\s+/i, '').trim());
    const isOurs = access.kind === 'keys' && secrets.some((secret) => access.keys.has(sha256Hex(secret)));
    return isOurs ? [] : [[name, value]];
  });
}

/** The credential of a request: `Authorization: Bearer` in any case of the scheme, `x-api-key`, or `api-key`. */
export function presentedKey(headers: Headers): string | undefined {
  const authorization = headers.get('authorization');
  if (authorization?.startsWith('Bearer ') === true) {
    const key = authorization.slice('Bearer '.length).trim();
    if (key !== '') return key;
  }
  const bearer = authorization === null ? null : /^\s*bearer\s+(\S.*?)\s*$/i.exec(authorization);
  return bearer?.[1] ?? headers.get('x-api-key') ?? headers.get('api-key') ?? undefined;
}
