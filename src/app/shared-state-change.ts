import type { Snapshot } from '../config/snapshot.ts';
import type { Log } from '../telemetry/log/log.ts';

/** Warns of a new `shared_state`, which the gateway reads at its start only. */
export function tellSharedStateChange(before: Snapshot, next: Snapshot, log: Log): void {
  if (Bun.deepEquals(before.sharedState, next.sharedState)) return;
  log.say('warn', 'warning', {
    text: 'shared_state has changed. The change takes effect when this gateway is restarted.',
  });
}
