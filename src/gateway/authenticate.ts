import type { Access, MasterKey } from '../config/snapshot.ts';
import { isMistyped } from '../lib/key-secret.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { type CredentialPlaces, presentedHash, presentedKeys } from './credentials.ts';
import type { Clock } from './ports.ts';
import { Refusal } from './refusals.ts';

const CHALLENGE = { 'www-authenticate': 'Bearer realm="llm-proxy"' };

/**
 * Returns the master key that the request presents; undefined if the gateway is open. If the request has several
 * credentials, one valid key is enough, since the others may be for the provider.
 *
 * Keys are looked up by SHA-256, so that the lookup's timing reveals nothing about a key. A disabled key is treated
 * like an unknown one.
 */
export function authenticate(
  request: CredentialPlaces,
  access: Access,
  clock: Pick<Clock, 'epochMs'>,
): MasterKey | undefined {
  if (access.kind === 'open') return undefined;
  const hash = presentedHash(request);
  if (hash === undefined) throw new Refusal('missing_api_key', {}, { headers: CHALLENGE });
  const key = access.keys.get(hash);
  if (key?.enabled === true && !isExpired(key, clock)) return key;
  const presented = presentedKeys(request);
  return validAmong(presented, access, clock) ?? refuseKey(presented[0] ?? '', key, access);
}

/** The first valid key among several credentials. Throws if there is none, but an expired one. */
function validAmong(
  presented: readonly string[],
  { keys }: KeyedAccess,
  clock: Pick<Clock, 'epochMs'>,
): MasterKey | undefined {
  let expired: MasterKey | undefined;
  for (const one of presented) {
    const key = keys.get(sha256Hex(one));
    if (key?.enabled !== true) continue;
    if (!isExpired(key, clock)) return key;
    expired ??= key;
  }
  if (expired !== undefined) throw keyExpired(expired);
  return undefined;
}

type KeyedAccess = Extract<Access, { kind: 'keys' }>;

function refuseKey(presented: string, key: MasterKey | undefined, { isStale }: KeyedAccess): never {
  // The key may have been created a moment ago, so ask the client to retry instead of rejecting the key.
  if (key === undefined && isStale?.() === true) {
    throw new Refusal('key_store_unavailable', {}, { headers: { 'retry-after': '2' } });
  }
  throw new Refusal('invalid_api_key', { hint: hintFor(presented) }, { headers: CHALLENGE });
}

/** Throws if the key has expired since it was authenticated. */
export function requireUnexpired(key: MasterKey | undefined, clock: Pick<Clock, 'epochMs'>): void {
  if (key !== undefined && isExpired(key, clock)) throw keyExpired(key);
}

/** Whether a key may no longer be used. */
export function isExpired({ refusedFromMs }: MasterKey, clock: Pick<Clock, 'epochMs'>): boolean {
  return refusedFromMs !== Infinity && clock.epochMs() >= refusedFromMs;
}

function keyExpired({ name, expiresAtMs, refusedFromMs }: MasterKey): Refusal {
  const time = new Date(expiresAtMs ?? refusedFromMs).toISOString().replace('.000Z', 'Z');
  return new Refusal('key_expired', { key: name, time }, { headers: CHALLENGE });
}

function hintFor(presented: string): string {
  return isMistyped(presented)
    ? 'It begins like a key of this gateway, but was mistyped or cut off: copy it again.'
    : 'Use a master key of this gateway, not one of a provider.';
}
