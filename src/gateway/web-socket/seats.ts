import type { MasterKey, ServerSettings } from '../../config/snapshot.ts';
import type { Traffic } from '../ports.ts';
import { Refusal } from '../refusals.ts';

/** The counter for all open connections. No route id has this prefix. */
const ALL = '*websockets';

/**
 * Counts a new connection among those of all workers. Returns a function that releases its place and may be called
 * repeatedly. Throws a `Refusal` if there are too many.
 */
export function takeSeat(
  key: MasterKey | undefined,
  traffic: Pick<Traffic, 'begin' | 'end' | 'inFlight'>,
  { maxWebSockets, maxWebSocketsPerKey }: ServerSettings,
): () => void {
  const names = key === undefined ? [ALL] : [ALL, `${ALL} ${key.hash}`];
  for (const name of names) traffic.begin(name);
  let isTaken = true;
  const leave = (): void => {
    if (!isTaken) return;
    isTaken = false;
    for (const name of names) traffic.end(name);
  };
  if (traffic.inFlight(ALL) > maxWebSockets) {
    leave();
    throw new Refusal('too_many_websockets', { whose: 'The gateway', setting: 'server.max_websockets' });
  }
  if (names[1] !== undefined && traffic.inFlight(names[1]) > maxWebSocketsPerKey) {
    leave();
    throw new Refusal('too_many_websockets', {
      whose: `The key "${key?.name ?? ''}"`,
      setting: 'server.max_websockets_per_key',
    });
  }
  return leave;
}
