import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import { isExpired, requireUnexpired } from '../authenticate.ts';
import type { Clock } from '../ports.ts';
import { CLOSE } from './close-codes.ts';

/** The facts on which a connection's permission depends. */
export interface Dependence {
  readonly api: WebSocketApi;
  readonly key: MasterKey | undefined;
  /** The names of the provider and the model; undefined while none is chosen. */
  readonly provider: string | undefined;
  readonly model: string | undefined;
}

/** Returns a connection's key as it is configured now; undefined if there is none or it was removed. */
export function currentKey(key: MasterKey | undefined, { access }: Snapshot): MasterKey | undefined {
  return access.kind === 'keys' && key !== undefined ? access.keys.get(key.secretHash) : undefined;
}

/** Returns the Unix time in milliseconds from which a connection's key may not be used; Infinity: it does not expire. */
export function expiryOf(key: MasterKey | undefined, snapshot: Snapshot): number {
  return currentKey(key, snapshot)?.refusedFromMs ?? Infinity;
}

/** Returns a connection's key as it is configured now. Throws a `Refusal` if it has expired. */
export function validKey(
  key: MasterKey | undefined,
  snapshot: Snapshot,
  clock: Pick<Clock, 'epochMs'>,
): MasterKey | undefined {
  const current = currentKey(key, snapshot);
  requireUnexpired(current, clock);
  return current;
}

/**
 * Returns why a connection may not continue under this configuration and at this time, as a close code and reason;
 * undefined if it may.
 */
export function whyNotAllowed(
  { api, key, provider, model }: Dependence,
  snapshot: Snapshot,
  clock: Pick<Clock, 'epochMs'>,
): readonly [code: number, reason: string] | undefined {
  const current = currentKey(key, snapshot);
  if (snapshot.access.kind === 'keys' && current?.enabled !== true)
    return [CLOSE.policy, 'The API key is no longer valid.'];
  if (current !== undefined && isExpired(current, clock)) return [CLOSE.policy, 'The API key has expired.'];
  if (provider === undefined) return undefined;
  if (snapshot.providers.get(provider)?.websockets.includes(api) !== true)
    return [CLOSE.restart, 'The provider of this connection is no longer configured.'];
  if (model !== undefined && current?.allows(model) === false)
    return [CLOSE.policy, 'The API key may no longer use the model.'];
  return undefined;
}
