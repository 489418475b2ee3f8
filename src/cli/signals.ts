import type { App } from '../app.ts';
import type { Log } from '../telemetry/log.ts';

/** Resolves when a SIGTERM or SIGINT came and the requests in flight were answered. A second signal ends at once. */
export async function drainOnSignals(app: App, log: Log): Promise<void> {
  await nextSignal();
  log.say('info', 'draining', { pending: app.server.pending() });
  void nextSignal().then(() => process.exit(130));
  await app.drain();
  log.say('info', 'stopped');
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const heard = (): void => {
      process.off('SIGTERM', heard);
      process.off('SIGINT', heard);
      resolve();
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}
